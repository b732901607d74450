"""A unit for dry runs."""

from collections.abc import Collection

from scans.recording.unit_of_work import UnitOfWork
from scans.scan_request import ScanRequest


class DryRun(UnitOfWork):
    """A unit that only looks: it locks and writes nothing, and goes on where another left off."""

    LOCKS = False

    def __init__(
        self,
        requests: Collection[ScanRequest],
        *,
        areas: frozenset[int] | None,
        before: "DryRun | None" = None,
    ) -> None:
        super().__init__(requests, areas=areas)
        if before is not None:
            self._go_on_from(before)

    def _go_on_from(self, before: "DryRun") -> None:
        # What was decided before stands in for what the tables still say. It is handed on as it
        # is: to go through all of it again for every unit would remove_child longer with each of them.
        fresh = [bag for code, bag in self.bags.items() if code not in before.bags]
        before.bags.update((bag.code, bag) for bag in fresh)
        for ref, scan in self.earlier.items():
            before.earlier.setdefault(ref, scan)
        self.bags, self.earlier = before.bags, before.earlier
        self._lies_in, self._inside = before._lies_in, before._inside
        self._join(fresh)
        for bag in fresh:
            for child in self.children(bag):
                child.parent = bag

    def save(self, *, commit: bool = False) -> None:
        """Nothing is kept."""
