"""Questions to one table: bags, or the codes of bags."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Self

from django.db.models import Q, QuerySet, Value
from django.db.models.functions import Concat, Reverse

if TYPE_CHECKING:
    from accounts.models import User
    from bags.models import Bag, BagCode


class BagQuerySet(QuerySet["Bag"]):
    """Bags, narrowed and ordered."""

    def visible_to(self, user: "User") -> Self:
        """The bags that this user may see: all, or those in or on their way to his areas.

        Index: bag_in_area. Index: bag_bound_for_area.
        """
        areas = visible_area_ids(user)
        return self if areas is None else self.in_areas(areas)

    def in_areas(self, areas: Iterable[int]) -> Self:
        """Bags in these areas or on their way to them. Index: bag_in_area, bag_bound_for_area."""
        return self.filter(in_areas_q(areas))

    def with_codes(self, codes: Iterable[str]) -> Self:
        """The bags with these codes. Index: bag_code_is_unique."""
        return self.filter(code__in=sorted(set(codes)))

    def loose(self) -> Self:
        """Children that no parent holds. Index: bag_loose."""
        return self.filter(kind="child", parent=None)

    def incomplete(self) -> Self:
        """Parents that still take children. Index: bag_open."""
        return self.filter(kind="parent", state="open")

    def children_of(self, parent: "Bag") -> Self:
        """What lies in `parent`, in the order of codes. Index: bag_children."""
        return self.filter(parent=parent).order_by("code")

    def in_batch(self, batch: int) -> Self:
        """The bags of a batch, oldest first. Index: bag_in_batch."""
        return self.filter(batch=batch).order_by("id")


class BagCodeQuerySet(QuerySet["BagCode"]):
    """Codes of bags, searched by their end and their inside."""

    def visible_to(self, user: "User") -> Self:
        """The codes of the bags that this user may see."""
        areas = visible_area_ids(user)
        return self if areas is None else self.filter(in_areas_q(areas, of="bag__"))

    def ending_with(self, code: str) -> "QuerySet[BagCode]":
        """Codes that end so: the last digits of a label. Index: bagcode_backwards.

        In the order of that index, or PostgreSQL would read the table in the hope of an early find.
        """
        backwards = self.annotate(backwards=Reverse("code")).order_by("backwards")
        return backwards.filter(backwards__startswith=code[::-1])

    def with_inside(self, text: str) -> "QuerySet[BagCode]":
        """Codes that have these characters, three or more, somewhere. Index: bagcode_trigrams.

        Of a longer text the index is asked for every third trigram: all of them would tell little
        more, and each is a list of tens of thousands. What it gives is held against the text.
        """
        if len(text) < 5 or not text.isalnum():
            return self.filter(code__contains=text)
        starts = [*range(0, len(text) - 3, 3), len(text) - 3]
        parts = [Q(code__contains=text[start : start + 3]) for start in starts]
        # Not by the column itself, or the index would be asked for this as well.
        return self.alias(whole=Concat("code", Value(""))).filter(*parts, whole__contains=text)


def in_areas_q(areas: Iterable[int], *, of: str = "") -> Q:
    """Return the condition for bags that are in these areas or bound for them.

    `of` is the prefix of the bag, such as "bag__". All querysets limit bags by this condition. The
    SQL of the counters, dashboard/sql/overview.sql and total_bags.sql, repeats it for the columns
    of the counters; the tests in tests/dashboard/stats/ compare both.
    """
    ids = nonempty_ids(areas)
    return Q(**{f"{of}area__in": ids}) | Q(**{f"{of}bound_for__in": ids})


def nonempty_ids(areas: Iterable[int]) -> list[int]:
    """These areas as a list to be looked for: 0, the id of none, where there are none.

    Django cannot write down as SQL that something is in an empty list, and streams are sent as SQL.
    """
    return sorted(areas) or [0]


def visible_area_ids(user: "User") -> frozenset[int] | None:
    """Ids of the areas that bound what `user` sees; None where nothing bounds it."""
    if user.has_perm("bags.view_all_areas"):
        return None
    return user.area_ids


def visibility_key(user: "User") -> str:
    """What a cached answer must be kept apart by: "all", or the user's area ids."""
    areas = visible_area_ids(user)
    return "all" if areas is None else ",".join(map(str, sorted(areas))) or "none"
