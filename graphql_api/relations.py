"""How rows are found: one by its code, a page of a list, what other rows point to.

Each asks the database once, for all the rows of a level together.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from django.db.models import Model, QuerySet
from django.db.models.expressions import RawSQL
from rest_framework import serializers

from accounts.models import User
from bags.errors import BagUnknown, BatchUnknown
from bags.querysets import visibility_key
from graphql_api.lists import Slice
from graphql_api.orders import Order
from graphql_api.serializers import NamedIn, Paged
from tracetrack.api import cursors
from tracetrack.api.pagination import Position
from tracetrack.db.sql_files import sql
from tracetrack.errors.problem import BadCursor

# What was found for each row of the level above, by its id; None stands for the query itself.
Found = Mapping[int | None, Any]
Args = dict[str, Any]


class Relation(Protocol):
    """From rows to other rows, for whoever has this permission."""

    @property
    def permission(self) -> str: ...
    @property
    def reader(self) -> type[serializers.Serializer[Any]] | None: ...
    def fetch(self, user: User, args: Args, rows: Sequence[Any] | None) -> tuple[Found, list[Any]]:
        """What was found for each of `rows`, and all of it as rows."""


@dataclass(frozen=True, slots=True)
class Named:
    """One by its code, if there is one that the user sees."""

    permission: str
    find: Callable[[User, str], Any]
    reader: type[serializers.Serializer[Any]] | None = NamedIn

    def fetch(self, user: User, args: Args, rows: Sequence[Any] | None) -> tuple[Found, list[Any]]:
        try:
            found = self.find(user, args["code"])
        except (BagUnknown, BatchUnknown):
            return {None: None}, []
        return {None: found}, [found]


@dataclass(frozen=True, slots=True)
class Link:
    """What a row points to: where that is a bag, only if the user sees it."""

    permission: str
    column: str
    seen: Callable[[User], QuerySet[Any]]
    reader: type[serializers.Serializer[Any]] | None = None

    def fetch(self, user: User, args: Args, rows: Sequence[Any] | None) -> tuple[Found, list[Any]]:
        pointed = {row.pk: getattr(row, self.column) for row in rows or ()}
        ids = sorted({pk for pk in pointed.values() if pk is not None})
        found = {one.pk: one for one in self.seen(user).filter(pk__in=ids)} if ids else {}
        return {row: found.get(pk) for row, pk in pointed.items()}, list(found.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A page of a list: of all there is, or of each row that owns such a list."""

    permission: str
    reader: type[Paged]
    # What its cursors belong to: a list, and whose; with what it is narrowed by.
    of: str
    rows: Callable[[User, Args], QuerySet[Any]]
    order: Callable[[Args], Order]
    narrowed: Callable[[Args], Args] = lambda args: args
    # The column that points to the owner; empty where there is none.
    owner: str = ""
    bounded: bool = True

    def fetch(self, user: User, args: Args, rows: Sequence[Any] | None) -> tuple[Found, list[Any]]:
        asked = dict(args)
        first, after = asked.pop("first"), asked.pop("after")
        order = self.order(asked)
        wanted = order.sorted(self.rows(user, asked))
        lists: dict[int | None, list[Any]] = defaultdict(list)
        owners = [None] if rows is None else [row.pk for row in rows]
        sealed = {pk: self._sealed(user, asked, pk) for pk in owners}
        if after is not None and owners:
            # A cursor is good for one list: of two, it is none of theirs.
            for pk in owners:
                place = cursors.read_page_cursor(after, **sealed[pk])
                if place.back:
                    # REST goes back by such a one; here lists go on only.
                    raise BadCursor
            wanted = order.behind(wanted, place.key)
        for one in self._asked(wanted, owners, first + 1):
            lists[getattr(one, "owner", None)].append(one)
        found = {
            pk: Slice(lists[pk][:first], len(lists[pk]) > first, after, _seal(order, sealed[pk]))
            for pk in owners
        }
        return found, [one for page in found.values() for one in page.nodes]

    def _asked(
        self, wanted: QuerySet[Any], owners: Sequence[int | None], most: int
    ) -> Sequence[Any]:
        if owners == [None]:
            return list(wanted[:most])
        if not owners:
            return []
        one = wanted.filter(**{self.owner: RawSQL("owner.id", ())})[:most]
        text, given = one.query.sql_with_params()
        whole = sql("graphql_api.of_each").replace("{rows}", text)
        return list(one.model._default_manager.raw(whole, [owners, *given]))

    def _sealed(self, user: User, asked: Args, owner: int | None) -> dict[str, Any]:
        filters = self.narrowed(asked)
        if owner is not None:
            filters = filters | {"owner": owner}
        scope = visibility_key(user) if self.bounded else "all"
        return {"of": self.of, "scope": scope, "filters": filters}


def _seal(order: Order, sealed: Mapping[str, Any]) -> Callable[[Model], str]:
    return lambda row: cursors.make_page_cursor(Position(order.key(row)), **sealed)
