"""Queries on one table: the ledger."""

from typing import TYPE_CHECKING, Self

from django.db.models import Exists, OuterRef, Q, QuerySet

from bags.querysets import in_areas_q, nonempty_ids, visible_area_ids

if TYPE_CHECKING:
    from accounts.models import User
    from bags.models import Bag
    from scans.models import Scan


class ScanQuerySet(QuerySet["Scan"]):
    """The queryset of scans."""

    def visible_to(self, user: "User") -> Self:
        """Return the scans that lists show to `user`: those in their areas, of bags they see.

        The timeline of a visible bag shows all of its scans. Index: scan_latest_in_area.
        """
        areas = visible_area_ids(user)
        if areas is None:
            return self
        return self.filter(in_areas_q(areas, prefix="bag__"), area__in=nonempty_ids(areas))

    def latest_first(self) -> Self:
        """Order by the order of recording, newest first. Index: scan_latest_in_area."""
        return self.order_by("-id")

    def by(self, actor: int) -> Self:
        """Return the scans of one actor, newest first. Index: scan_latest_of_actor."""
        return self.filter(actor=actor).order_by("-id")

    def not_undone(self) -> Self:
        """Return the scans that no scan undoes. Index: scan_is_undone_once."""
        return self.exclude(Exists(self.model._default_manager.filter(undoes=OuterRef("pk"))))

    def undoing(self, scan: "Scan") -> Self:
        """Return the undo of `scan`: at most one row. Index: scan_is_undone_once."""
        return self.filter(undoes=scan)

    def of(self, bag: "Bag") -> Self:
        """Return the scans of a bag and of children put into it or taken out, by scanned_at.

        Index: scan_of_bag. Index: scan_of_parent. Index: scan_out_of_parent.
        """
        touching = Q(bag=bag) | Q(parent=bag) | Q(was_parent=bag)
        return self.filter(touching).order_by("scanned_at", "id")
