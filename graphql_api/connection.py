"""Lists: their order, their filters, and the pages that a query reads of them."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from functools import cached_property
from typing import Any, Protocol

from django.db.models import Q, QuerySet
from graphql import get_named_type
from strawberry.types import Info
from strawberry.utils.str_converters import to_camel_case
from strawberry_django.optimizer import _get_selections, optimizer

from accounts.models import User
from bags.querysets import visibility_key
from graphql_api.arguments import PageArguments
from graphql_api.loaders import Peers, restrict_to_page_per_parent
from tracetrack.api import cursors
from tracetrack.api.pagination import Position
from tracetrack.api.params import parse_params
from tracetrack.errors.problem import BadCursor

Arguments = dict[str, Any]
# Pages by the id of the parent row; None is the query itself.
Pages = dict[int | None, "Page"]


@dataclass(slots=True)
class Context:
    """The state of one query: its user, and what it has loaded; pages by path in the response."""

    user: User
    operation_name: str | None = None
    peers: Peers = field(default_factory=Peers)
    pages: dict[tuple[str, ...], Pages] = field(default_factory=lambda: defaultdict(dict))


@dataclass(frozen=True, slots=True)
class Edge:
    """A row of a page, with its cursor."""

    node: Any
    cursor: str


@dataclass(frozen=True)
class Page:
    """Rows of a list, as the GraphQL type Connection shows them."""

    nodes: list[Any]
    has_next_page: bool
    has_previous_page: bool
    make_cursor: Callable[[Any], str]

    @cached_property
    def edges(self) -> list[Edge]:
        return [Edge(node, self.make_cursor(node)) for node in self.nodes]

    @property
    def page_info(self) -> "Page":
        return self

    @cached_property
    def start_cursor(self) -> str | None:
        return self.make_cursor(self.nodes[0]) if self.nodes else None

    @cached_property
    def end_cursor(self) -> str | None:
        return self.make_cursor(self.nodes[-1]) if self.nodes else None


class Ordering(Protocol):
    """A total order of rows, which an index serves."""

    @property
    def columns(self) -> tuple[str, ...]:
        """The arguments of order_by()."""

    def key(self, row: Any) -> int | str:
        """Return the key of `row`, which its cursor carries."""

    def after(self, rows: QuerySet[Any], key: int | str) -> QuerySet[Any]:
        """Return the rows that follow `key`."""


class ColumnOrdering:
    """The order of one unique column, descending with a leading "-"."""

    def __init__(self, order: str) -> None:
        self.columns: tuple[str, ...] = (order,)
        self.name, self.lookup = order.removeprefix("-"), "lt" if order[0] == "-" else "gt"

    def key(self, row: Any) -> int | str:
        key: int | str = getattr(row, self.name)
        return key

    def after(self, rows: QuerySet[Any], key: int | str) -> QuerySet[Any]:
        return rows.filter(**{f"{self.name}__{self.lookup}": key})


class ScanTimeOrdering:
    """The order of scans by the device's clock, then by id. Index: scan_of_bag."""

    def __init__(self, order: str) -> None:
        sign = "-" if order[0] == "-" else ""
        self.columns: tuple[str, ...] = (f"{sign}scanned_at", f"{sign}id")
        self.lookup = "lt" if sign else "gt"

    def key(self, row: Any) -> str:
        return f"{row.scanned_at.isoformat()} {row.pk}"

    def after(self, rows: QuerySet[Any], key: int | str) -> QuerySet[Any]:
        time, _, pk = str(key).partition(" ")
        moment = datetime.fromisoformat(time)
        # The first filter alone is a range of the index; an OR alone would not be.
        rows = rows.filter(**{f"scanned_at__{self.lookup}e": moment})
        later = Q(**{f"scanned_at__{self.lookup}": moment})
        return rows.filter(later | Q(**{f"id__{self.lookup}": int(pk)}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A list that the schema offers, of all rows or of the rows of one parent.

    `name`, the filters and the parent are signed into each cursor, so that no other list takes it.
    """

    name: str
    arguments_class: type[PageArguments]
    # The rows that a user may see, with these filters.
    rows: Callable[[User, Arguments], QuerySet[Any]]
    order: str = "id"
    ordering: Callable[[str], Ordering] = ColumnOrdering
    # The foreign key to the parent; empty for a list of all rows.
    parent: str = ""
    # False if all users see the same rows.
    restricted: bool = True

    def page(self, info: Info[Context, None], **arguments: Any) -> Page:
        """Return a page of the list of all rows. Raises BadField, BadCursor."""
        return self._load(info, arguments, [None])[None]

    def page_of(self, parent: Any, info: Info[Context, None], **arguments: Any) -> Page:
        """Return the page of one parent, loaded together with those of its peers.

        Raises BadField, BadCursor.
        """
        path = tuple(part for part in info.path.as_list() if isinstance(part, str))
        pages = info.context.pages[path]
        if parent.pk not in pages:
            pages |= self._load(
                info, arguments, sorted({row.pk for row in info.context.peers.of(parent)})
            )
        return pages[parent.pk]

    def _load(
        self, info: Info[Context, None], arguments: Arguments, parents: Sequence[Any]
    ) -> Pages:
        """Load the page of each parent in one query. The parent None stands for all rows."""
        filters = parse_params(self.arguments_class, as_json(arguments))
        first, after = filters.pop("first"), filters.pop("after")
        ordering = self.ordering(filters.get("order", self.order))
        visibility = visibility_key(info.context.user) if self.restricted else "all"
        signatures = {pk: self._signature(visibility, filters, pk) for pk in parents}
        rows = self.rows(info.context.user, {k: v for k, v in filters.items() if k != "order"})
        if after is not None:
            rows = ordering.after(rows, read_key(after, signatures.values()))
        rows = rows.order_by(*ordering.columns)
        # One more row than a page has, to know whether more follow.
        found = self._find(info, rows, parents, first + 1)
        info.context.peers.add(
            [row for rows_of_page in found.values() for row in rows_of_page[:first]]
        )
        return {
            pk: Page(
                found[pk][:first],
                has_next_page=len(found[pk]) > first,
                has_previous_page=after is not None,
                make_cursor=cursor_maker(ordering, signature),
            )
            for pk, signature in signatures.items()
        }

    def _find(
        self, info: Info[Context, None], rows: QuerySet[Any], parents: Sequence[Any], limit: int
    ) -> Mapping[int | None, list[Any]]:
        """Return up to `limit` rows for each parent, with the links that the query reads."""
        if self.parent:
            rows = restrict_to_page_per_parent(rows, self.parent, list(parents), limit)
        rows = optimize_rows(rows, info)
        found = rows if self.parent else rows[:limit]
        by_parent: dict[int | None, list[Any]] = defaultdict(list)
        for row in found:
            by_parent[getattr(row, self.parent) if self.parent else None].append(row)
        return by_parent

    def _signature(self, visibility: str, filters: Arguments, parent: int | None) -> Arguments:
        if parent is not None:
            signed = filters | {"owner": parent}
        else:
            # REST signs the filters that are set, and each API takes the cursors of the other.
            signed = {k: v for k, v in filters.items() if v is not None}
            if not signed.get("loose"):
                signed.pop("loose", None)
        return {"list_name": self.name, "visibility": visibility, "filters": signed}


def as_json(arguments: Arguments) -> Arguments:
    """Return the arguments of a field with the names and values that the schema gives them."""
    return {
        to_camel_case(name): value.value if isinstance(value, Enum) else value
        for name, value in arguments.items()
        if value is not None
    }


def read_key(cursor: str, signatures: Any) -> int | str:
    """Return the key in a cursor. Raises BadCursor if another list or parent made it.

    A cursor belongs to one parent, so it is refused for a list of several.
    """
    key: int | str = 0
    for signature in signatures:
        place = cursors.read_page_cursor(cursor, **signature)
        if place.back:
            # REST makes such cursors to go back; lists in GraphQL only go on.
            raise BadCursor
        key = place.key
    return key


def cursor_maker(ordering: Ordering, signature: Arguments) -> Callable[[Any], str]:
    """Return the function that makes the cursor of a row."""
    return lambda row: cursors.make_page_cursor(Position(ordering.key(row)), **signature)


def optimize_rows(rows: QuerySet[Any], info: Info[Context, None]) -> QuerySet[Any]:
    """Let the optimizer load the links that `nodes` and `edges { node }` select."""
    extension = optimizer.get()
    if extension is None:
        return rows
    raw = info._raw_info
    connection: Any = get_named_type(raw.return_type)
    edge: Any = get_named_type(connection.fields["edges"].type)
    nodes = []
    for fields in _get_selections(raw, connection).values():
        name = fields[0].name.value
        if name == "nodes":
            nodes += fields
        elif name == "edges":
            inside = _get_selections(raw._replace(field_nodes=fields), edge)
            nodes += [node for same in inside.values() for node in same if is_node(node)]
    row_type = get_named_type(connection.fields["nodes"].type)
    return extension.optimize(
        rows,
        raw._replace(
            field_name="nodes", field_nodes=nodes, return_type=row_type, parent_type=connection
        ),
    )


def is_node(field: Any) -> bool:
    return bool(field.name.value == "node")
