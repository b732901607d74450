"""In which order a list comes, and where it goes on behind a row."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from django.db.models import Q, QuerySet


class Order(Protocol):
    """An order in which no two rows are equal, and which an index serves."""

    def sorted(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """`rows` in this order."""

    def key(self, row: Any) -> int | str:
        """Where in this order a row stands."""

    def behind(self, rows: QuerySet[Any], key: int | str) -> QuerySet[Any]:
        """Those of `rows` that come after what stands at `key`."""


@dataclass(frozen=True, slots=True)
class By:
    """By a column that is unique; with "-" downwards."""

    order: str

    def sorted(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        return rows.order_by(self.order)

    def key(self, row: Any) -> int | str:
        key: int | str = getattr(row, self.order.removeprefix("-"))
        return key

    def behind(self, rows: QuerySet[Any], key: int | str) -> QuerySet[Any]:
        side = "lt" if self.order.startswith("-") else "gt"
        return rows.filter(**{f"{self.order.removeprefix('-')}__{side}": key})


@dataclass(frozen=True, slots=True)
class ByTime:
    """As scanned, by the clocks of the devices. Index: scan_of_bag."""

    down: bool

    def sorted(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        return rows.order_by(*(("-scanned_at", "-id") if self.down else ("scanned_at", "id")))

    def key(self, row: Any) -> int | str:
        return f"{row.scanned_at.isoformat()} {row.pk}"

    def behind(self, rows: QuerySet[Any], key: int | str) -> QuerySet[Any]:
        at, _, pk = str(key).partition(" ")
        moment, side = datetime.fromisoformat(at), "lt" if self.down else "gt"
        # In two steps, of which the first is a place in the index.
        rows = rows.filter(**{f"scanned_at__{side}e": moment})
        return rows.filter(Q(**{f"scanned_at__{side}": moment}) | Q(**{f"id__{side}": int(pk)}))
