"""Questions to one table: the ledger."""

from typing import TYPE_CHECKING, Self

from django.db.models import Q, QuerySet

from bags.querysets import in_areas_q, nonempty_ids, visible_area_ids

if TYPE_CHECKING:
    from accounts.models import User
    from bags.models import Bag
    from scans.models import Scan


class ScanQuerySet(QuerySet["Scan"]):
    """Scans, narrowed and ordered."""

    def visible_to(self, user: "User") -> Self:
        """The scans this user may see in lists: all, or those made in his areas of bags he sees.

        The timeline of one visible bag is not narrowed: it is the bag's whole way.
        Index: scan_latest_in_area.
        """
        areas = visible_area_ids(user)
        if areas is None:
            return self
        return self.filter(in_areas_q(areas, of="bag__"), area__in=nonempty_ids(areas))

    def latest_first(self) -> Self:
        """Newest first, in the order in which they were accepted. Index: scan_latest_in_area."""
        return self.order_by("-id")

    def by(self, actor: int) -> Self:
        """What one actor scanned, newest first. Index: scan_latest_of_actor."""
        return self.filter(actor=actor).order_by("-id")

    def undoing(self, scan: "Scan") -> Self:
        """What undid `scan`: at most one. Index: scan_is_undone_once."""
        return self.filter(undoes=scan)

    def of(self, bag: "Bag") -> Self:
        """Every scan of a bag, or of a bag put into it or taken out of it, as it was scanned.

        Index: scan_of_bag. Index: scan_of_parent. Index: scan_out_of_parent.
        """
        touching = Q(bag=bag) | Q(parent=bag) | Q(was_parent=bag)
        return self.filter(touching).order_by("scanned_at", "id")
