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

from django.db.models import Model, Prefetch, QuerySet, prefetch_related_objects
from django.db.models.expressions import RawSQL
from strawberry.types import Info
from strawberry_django.fields.field import StrawberryDjangoField
from strawberry_django.queryset import run_type_get_queryset

from tracetrack.db.sql_files import sql


def set_peers(rows: list[Any]) -> None:
    """Let each row know its peers, and likewise each row that a loaded link leads to.

    All `rows` come from one queryset, so they have the same links loaded.
    """
    for row in rows:
        row._peers = rows
    for name in {name for row in rows for name in row._state.fields_cache}:
        set_link_peers(rows, name)


def set_link_peers(rows: Iterable[Any], name: str) -> None:
    """Let the rows that the link `name` of `rows` leads to know each other."""
    linked = {id(row): row for one in rows if (row := one._state.fields_cache.get(name))}
    set_peers(list(linked.values()))


def get_peers(row: Any) -> list[Any]:
    """Return the rows that were loaded together with `row`, itself included."""
    peers: list[Any] = getattr(row, "_peers", [row])
    return peers


def restrict_to_page_per_parent(
    queryset: QuerySet[Any], column: str, parent_ids: list[int], limit: int
) -> QuerySet[Any]:
    """Return the first `limit` rows of an ordered queryset for each parent.

    `column` is the foreign key to the parent. The result has the order of `queryset`.
    """
    page = queryset.filter(**{column: RawSQL("parent.id", ())}).values("id")[:limit]
    text, params = page.query.sql_with_params()
    ids = RawSQL(sql("graphql_api.page_per_parent").replace("{page}", text), (parent_ids, *params))
    rows = queryset.model._default_manager.filter(pk__in=ids)
    return rows.order_by(*queryset.query.order_by)


class LinkField(StrawberryDjangoField):
    """A foreign key, resolved from what the optimizer loaded.

    The optimizer misses a link if one alias of the text means two fields, as `x` does in
    `a: parent { x: area { code } } b: parent { x: batch { code } }`. Reading the attribute would
    then run a query per row, without the scope of the type. This field loads a missing link for all
    peers, through `get_queryset()` of the type.
    """

    def get_result(self, source: Any, info: Info | None, args: Any, kwargs: Any) -> Any:
        name = self.django_name or self.python_name
        loaded = source._state.fields_cache
        if name not in loaded:
            self._load(get_peers(source), name, info)
        return loaded[name]

    def _load(self, rows: list[Model], name: str, info: Info | None) -> None:
        model = rows[0]._meta.get_field(name).related_model
        queryset = run_type_get_queryset(model._default_manager.all(), self.django_type, info)
        prefetch_related_objects(rows, Prefetch(name, queryset=queryset))
        set_link_peers(rows, name)
