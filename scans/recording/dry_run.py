"""A desk for dry runs."""

from collections.abc import Collection

from scans.recording.unit_of_work import Desk
from scans.scan_request import Entry


class Rehearsal(Desk):
    """A desk that only looks: it locks and writes nothing, and goes on where another left off."""

    LOCKS = False

    def __init__(
        self,
        entries: Collection[Entry],
        *,
        areas: frozenset[int] | None,
        before: "Rehearsal | None" = None,
    ) -> None:
        super().__init__(entries, areas=areas)
        if before is not None:
            self._go_on_from(before)

    def _go_on_from(self, before: "Rehearsal") -> None:
        # What was decided before stands in for what the tables still say. It is handed on as it
        # is: to go through all of it again for every desk would take longer with each of them.
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
