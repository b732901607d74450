"""Keyset pagination in both directions: the cost of a page depends on its size alone."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from operator import attrgetter, itemgetter
from typing import Any, NamedTuple

from django.db.models import QuerySet


class Position(NamedTuple):
    """A position in a list: after the row with this key, or before it if `back`."""

    key: int | str
    back: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """The rows of a page and the positions of its neighbours, None if there is none."""

    rows: list[Any]
    next: Position | None
    previous: Position | None


def paginate(
    rows: QuerySet[Any],
    *,
    order: str,
    at: Position | None,
    limit: int,
    key: Callable[[Any], int | str] | None = None,
) -> Page:
    """Return up to `limit` rows from position `at`, the first page if None.

    `order` is a unique column with an index, with "-" for descending. `key` returns the value of
    this column from a row that is not a model instance. The caller validates `order`.
    """
    column, descending = order.removeprefix("-"), order.startswith("-")
    back = at is not None and at.back
    if at is not None:
        rows = rows.filter(**{f"{column}__{'gt' if descending == back else 'lt'}": at.key})
    # One more row than the page has, to know whether more follow.
    found = list(rows.order_by(f"-{column}" if descending != back else column)[: limit + 1])
    has_more, shown = len(found) > limit, found[:limit]
    if back:
        shown.reverse()
    key = key or attrgetter(column)
    after = Position(key(shown[-1])) if shown else None
    before = Position(key(shown[0]), back=True) if shown else None
    return Page(
        shown,
        next=after if back or has_more else None,
        previous=before if (has_more if back else at is not None) else None,
    )


def paginate_values(
    rows: QuerySet[Any],
    columns: Mapping[str, Any],
    *,
    order: str,
    at: Position | None,
    limit: int,
) -> Page:
    """Return a page as paginate() does, with dicts as rows.

    `columns` maps the keys of the dicts to columns or expressions. Creating model instances would
    take longer than the query.
    """
    values = rows.values_list(order.removeprefix("-"), *columns.values())
    page = paginate(values, order=order, at=at, limit=limit, key=itemgetter(0))
    return replace(page, rows=[dict(zip(columns, row[1:], strict=True)) for row in page.rows])
