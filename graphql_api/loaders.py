"""Load nested lists and links with one query for all rows of a level.

The optimizer of strawberry-django joins or prefetches links, but it limits a nested list with a
window function, which reads the whole list of each parent to return its first page. A batch has up
to tens of thousands of bags, so load_pages() reads each page with a LATERAL subquery instead.

Resolvers run synchronously and depth first, so a DataLoader has no moment at which it knows all
keys. Instead each row knows its peers, the rows that were loaded with it: the first row whose list
is resolved loads the pages of all its peers.
"""

from collections.abc import Iterable
from typing import Any

from django.db.models import BooleanField, Prefetch, QuerySet, prefetch_related_objects
from django.db.models.expressions import RawSQL
from strawberry_django.fields.field import StrawberryDjangoField
from strawberry_django.queryset import run_type_get_queryset

from tracetrack.db.sql_files import sql


class Peers:
    """The rows of a query that were loaded together.

    They are kept here by the identity of the row, not on the rows, because rows that refer to each
    other would be left to the garbage collector.
    """

    def __init__(self) -> None:
        self._by_row: dict[int, list[Any]] = {}

    def of(self, row: Any) -> list[Any]:
        """Return the rows that were loaded together with `row`, itself included."""
        return self._by_row.get(id(row), [row])

    def add(self, rows: list[Any]) -> None:
        """Add `rows`, and the rows that their loaded links lead to.

        All of `rows` come from one queryset, so they have the same links loaded.
        """
        for row in rows:
            self._by_row[id(row)] = rows
        for name in {name for row in rows for name in row._state.fields_cache}:
            self.add_linked(rows, name)

    def add_linked(self, rows: Iterable[Any], name: str) -> None:
        """Add the rows that the link `name` of `rows` leads to."""
        linked = {id(row): row for one in rows if (row := one._state.fields_cache.get(name))}
        self.add(list(linked.values()))


def restrict_to_page_per_parent(
    queryset: QuerySet[Any], column: str, parent_ids: list[int], limit: int
) -> QuerySet[Any]:
    """Return the first `limit` rows of an ordered queryset for each parent.

    `column` is the foreign key to the parent. The result has the order of `queryset`.
    """
    page = queryset.filter(**{column: RawSQL("parent.id", ())}).values("id")[:limit]
    text, params = page.query.sql_with_params()
    condition = sql("graphql_api.is_in_page_of_parent")
    condition = condition.replace("{id}", f'"{queryset.model._meta.db_table}"."id"')
    is_in_page = RawSQL(condition.replace("{page}", text), (parent_ids, *params), BooleanField())
    rows: QuerySet[Any] = queryset.model._default_manager.filter(is_in_page)
    return rows.order_by(*queryset.query.order_by)


class LinkField(StrawberryDjangoField):
    """A foreign key, resolved from what the optimizer loaded.

    The optimizer misses a link if one alias of the text means two fields, as `x` does in
    `a: parent { x: area { code } } b: parent { x: batch { code } }`. Reading the attribute would
    then run a query per row, without the scope of the type. This field loads a missing link for all
    peers, through `get_queryset()` of the type.
    """

    def get_result(self, source: Any, info: Any, args: Any, kwargs: Any) -> Any:
        name = self.django_name or self.python_name
        loaded = source._state.fields_cache
        if name not in loaded:
            self._load(source, name, info)
        return loaded[name]

    def _load(self, source: Any, name: str, info: Any) -> None:
        peers = info.context.peers
        queryset = source._meta.get_field(name).related_model._default_manager.all()
        queryset = run_type_get_queryset(queryset, self.django_type, info)
        rows = peers.of(source)
        prefetch_related_objects(rows, Prefetch(name, queryset=queryset))
        peers.add_linked(rows, name)
