"""Walking through a list by its keys, in both directions: a page costs what it shows."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from operator import attrgetter, itemgetter
from typing import Any, NamedTuple

from django.db.models import QuerySet


class Position(NamedTuple):
    """Behind the row with this key; with `back` before it."""

    key: int | str
    back: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """What one page shows, and where the next and the previous one begin, if there are any."""

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
    """Up to `limit` of `rows` from `at`; `order` is a column that is unique, with "-" downwards.

    `key` gives this column of a row where that is no object. The caller takes `order` from a list
    of those that an index serves.
    """
    column, down = order.removeprefix("-"), order.startswith("-")
    back = at is not None and at.back
    if at is not None:
        rows = rows.filter(**{f"{column}__{'gt' if down == back else 'lt'}": at.key})
    # One more than is shown tells whether there are more.
    found = list(rows.order_by(f"-{column}" if down != back else column)[: limit + 1])
    more, shown = len(found) > limit, found[:limit]
    if back:
        shown.reverse()
    key = key or attrgetter(column)
    behind = Position(key(shown[-1])) if shown else None
    before = Position(key(shown[0]), back=True) if shown else None
    return Page(
        shown,
        next=behind if back or more else None,
        previous=before if (more if back else at is not None) else None,
    )


def paginate_values(
    rows: QuerySet[Any], columns: Mapping[str, Any], *, order: str, at: Position | None, limit: int
) -> Page:
    """A page as walk() gives it, of dicts: by each name what its column or expression gives."""
    # Not as objects: making those would take longer than asking the database.
    found = rows.values_list(order.removeprefix("-"), *columns.values())
    page = paginate(found, order=order, at=at, limit=limit, key=itemgetter(0))
    return replace(page, rows=[dict(zip(columns, row[1:], strict=True)) for row in page.rows])
