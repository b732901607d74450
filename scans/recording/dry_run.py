"""The unit of work of a dry run: it applies the rules and writes nothing."""

from collections.abc import Collection

from scans.recording.unit_of_work import UnitOfWork
from scans.scan_request import ScanRequest


class DryRun(UnitOfWork):
    """A unit of work without locks and writes that starts from the result of `previous`."""

    LOCKS = False

    def __init__(
        self,
        requests: Collection[ScanRequest],
        *,
        area_ids: frozenset[int] | None,
        previous: "DryRun | None" = None,
    ) -> None:
        super().__init__(requests, area_ids=area_ids)
        if previous is not None:
            self._continue_from(previous)

    def _continue_from(self, previous: "DryRun") -> None:
        # The bags of earlier units replace the rows in the tables. The dictionaries are passed on
        # instead of copied, so that the work per unit does not grow with the length of the sheet.
        added = [bag for code, bag in self.bags.items() if code not in previous.bags]
        previous.bags.update((bag.code, bag) for bag in added)
        for ref, scan in self.scans_by_ref.items():
            previous.scans_by_ref.setdefault(ref, scan)
        self.bags, self.scans_by_ref = previous.bags, previous.scans_by_ref
        self._parent_codes, self._children = previous._parent_codes, previous._children
        self._connect(added)
        for bag in added:
            for child in self.children_of(bag):
                child.parent = bag

    def save(self, *, commit: bool = False) -> None:
        """Write nothing."""
