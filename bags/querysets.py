"""Querysets of bags and of their codes, and the visibility of areas."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Self

from django.db.models import Q, QuerySet, Value
from django.db.models.functions import Concat, Reverse

if TYPE_CHECKING:
    from accounts.models import User

    # ruff does not see the string in the base class of AreaQuerySet.
    from bags.models import Area, Bag, BagCode  # noqa: F401


class AreaQuerySet(QuerySet["Area"]):
    """Queries on areas."""

    def visible_to(self, user: "User") -> Self:
        """Return the areas whose bags this user may see: all, or those of the user."""
        areas = visible_area_ids(user)
        return self if areas is None else self.filter(pk__in=areas)


class BagQuerySet(QuerySet["Bag"]):
    """Queries on bags."""

    def visible_to(self, user: "User") -> Self:
        """Return the bags that a user may see: all, or those in or bound for their areas.

        Index: bag_in_area. Index: bag_bound_for_area.
        """
        areas = visible_area_ids(user)
        return self if areas is None else self.in_areas(areas)

    def in_areas(self, areas: Iterable[int]) -> Self:
        """Return the bags in or bound for areas. Index: bag_in_area, bag_bound_for_area."""
        return self.filter(in_areas_q(areas))

    def with_codes(self, codes: Iterable[str]) -> Self:
        """Return the bags with these codes. Index: bag_code_is_unique."""
        return self.filter(code__in=sorted(set(codes)))

    def loose(self) -> Self:
        """Return the children without a parent. Index: bag_loose."""
        return self.filter(kind="child", parent=None)

    def incomplete(self) -> Self:
        """Return the parents that still accept children. Index: bag_open."""
        return self.filter(kind="parent", state="open")

    def children_of(self, parent: "Bag") -> Self:
        """Return the children of a parent, ordered by code. Index: bag_children."""
        return self.filter(parent=parent).order_by("code")

    def in_batch(self, batch: int) -> Self:
        """Return the bags of a batch, oldest first. Index: bag_in_batch."""
        return self.filter(batch=batch).order_by("id")


class BagCodeQuerySet(QuerySet["BagCode"]):
    """Queries on the codes of bags, for searches by the end or a part of a code."""

    def visible_to(self, user: "User") -> Self:
        """Return the codes of the bags that a user may see."""
        areas = visible_area_ids(user)
        return self if areas is None else self.filter(in_areas_q(areas, prefix="bag__"))

    def ending_with(self, text: str) -> "QuerySet[BagCode]":
        """Return the codes that end with a text. Index: bagcode_backwards.

        In the order of that index. In another order PostgreSQL would scan the table and hope for an
        early match.
        """
        backwards = self.annotate(backwards=Reverse("code")).order_by("backwards")
        return backwards.filter(backwards__startswith=text[::-1])

    def containing(self, text: str) -> "QuerySet[BagCode]":
        """Return the codes that contain a text of three or more characters.

        For longer texts the index is searched for every third trigram only: each trigram is a list
        of tens of thousands of rows, and the others exclude few more. The rows found are compared
        with the whole text. Index: bagcode_trigrams.
        """
        if len(text) < 5 or not text.isalnum():
            return self.filter(code__contains=text)
        starts = [*range(0, len(text) - 3, 3), len(text) - 3]
        trigrams = [Q(code__contains=text[start : start + 3]) for start in starts]
        # An expression instead of the column, so that the index is not searched for it as well.
        whole = self.alias(whole=Concat("code", Value("")))
        return whole.filter(*trigrams, whole__contains=text)


def in_areas_q(areas: Iterable[int], *, prefix: str = "") -> Q:
    """Return the condition that a bag is in or bound for one of the areas.

    `prefix` is the lookup path from the filtered model to the bag, such as "bag__".
    """
    ids = nonempty_ids(areas)
    return Q(**{f"{prefix}area__in": ids}) | Q(**{f"{prefix}bound_for__in": ids})


def nonempty_ids(ids: Iterable[int]) -> list[int]:
    """Return the ids sorted, or [0] if there are none; no row has the id 0.

    Django raises EmptyResultSet instead of compiling a condition with an empty list to SQL, and
    exports need the SQL.
    """
    return sorted(ids) or [0]


def visible_area_ids(user: "User") -> frozenset[int] | None:
    """Return the ids of the areas whose bags a user may see; None for all areas."""
    if user.has_perm("bags.view_all_areas"):
        return None
    return user.area_ids


def visibility_key(user: "User") -> str:
    """Return a text that is equal for users who see the same areas, for cache keys and cursors."""
    areas = visible_area_ids(user)
    return "all" if areas is None else ",".join(map(str, sorted(areas))) or "none"
