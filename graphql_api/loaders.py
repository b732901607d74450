"""Load nested lists and links with one query for all rows of a level.

The optimizer of strawberry-django joins the links of rows. Two things it cannot do in bounded time:

* It limits a nested list with a window function, which reads the whole list of each parent to
  return its first page, and a batch has up to tens of thousands of bags.
  restrict_to_page_per_parent() reads the pages instead.
* It computes the hints of a prefetched link twice per level, which takes exponential time for a
  chain of links to bags. LinkField loads these level by level.

Resolvers run synchronously and depth first, so a DataLoader has no moment at which it knows all
keys. Instead the rows that were loaded together are known as peers: the first row whose list or
link is resolved loads those of all its peers.
"""

from collections.abc import Iterable
from typing import Any

from django.db.models import BooleanField, Prefetch, QuerySet, prefetch_related_objects
from django.db.models.expressions import RawSQL
from strawberry_django.fields.field import StrawberryDjangoField
from strawberry_django.optimizer import optimizer
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
    """A foreign key, read from what the optimizer joined, or else loaded for all peers at once.

    Links to bags set disable_optimization, so they are never joined. The optimizer also misses a
    link if an alias means two fields, as `x` does in
    `a: parent { x: area { code } } b: parent { x: batch { code } }`.
    """

    def get_result(self, source: Any, info: Any, args: Any, kwargs: Any) -> Any:
        name = self.django_name or self.python_name
        loaded = source._state.fields_cache
        if name not in loaded:
            self._load(source, name, info)
        return loaded[name]

    def _load(self, source: Any, name: str, info: Any) -> None:
        """Load the link `name` of the peers of `source`, through get_queryset() of its type."""
        peers = info.context.peers
        queryset = source._meta.get_field(name).related_model._default_manager.all()
        queryset = run_type_get_queryset(queryset, self.django_type, info)
        if extension := optimizer.get():
            queryset = extension.optimize(queryset, info)
        rows = peers.of(source)
        prefetch_related_objects(rows, Prefetch(name, queryset=queryset))
        peers.add_linked(rows, name)
