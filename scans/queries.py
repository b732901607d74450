"""Questions about what happened: the latest scans, lists of them, a page of a recall."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from accounts.models import User
from bags.filters import id_or_zero
from bags.models import Area, Bag, Batch
from scans.models import Scan
from scans.querysets import ScanQuerySet
from tracetrack.api.pagination import Page, paginate_values
from tracetrack.db.sql_files import sql

# Per field of a row: the column that it is read from.
Columns = Mapping[str, str]
# In the order of scans/sql/recall.sql.
RECALLED = (
    "record", "id", "code", "kind", "batch", "state", "area", "bound_for", "parent", "lots", "bags",
    "hands", "last_step", "last_area", "last_username", "last_scanned_at",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanFilters:
    """What narrows a stream of scans; None does not narrow. Names and codes, not ids."""

    step: str | None = None
    outcome: str | None = None
    area: str | None = None
    username: str | None = None


def all_scans(user: User, filters: ScanFilters) -> ScanQuerySet:
    """All scans that `user` sees and the filters mean.

    Index: scan_latest_in_area. Index: scan_latest_of_actor.
    """
    columns = {
        "step": filters.step,
        "outcome": filters.outcome,
        "area": id_or_zero(Area, code=filters.area),
        "actor": id_or_zero(User, username=filters.username),
    }
    given = {column: value for column, value in columns.items() if value is not None}
    return Scan.objects.visible_to(user).filter(**given)


def scan_page(user: User, filters: ScanFilters, columns: Columns, **place: Any) -> Page:
    """Return a page of the scans that the user may see, with these columns.

    Index: scan_latest_in_area. Index: scan_latest_of_actor. Index: scan_of_rare_step.
    """
    return paginate_values(all_scans(user, filters), columns, **place)


def latest(
    user: User, columns: Columns, limit: int = 10, *, area: int | None = None
) -> list[dict[str, Any]]:
    """Return these columns of the newest scans that the user may see, newest first.

    With `area`, only scans in the area with this id.
    Index: scan_latest_in_area.
    """
    scans = Scan.objects.visible_to(user).latest_first()
    scans = scans if area is None else scans.filter(area=area)
    rows = scans.values_list(*columns.values())[:limit]
    return [dict(zip(columns, map(_as_json, row), strict=True)) for row in rows]


def _as_json(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def recall_page(user: User, batch: Batch, *, after: int | None, limit: int) -> list[dict[str, Any]]:
    """Up to `limit` bags of a lot behind the one with the id `after`, as a recall lists them.

    Index: bag_in_batch.
    """
    lot = Bag.objects.visible_to(user).in_batch(batch.pk).filter(id__gt=after or 0)
    ids = list(lot.values_list("id", flat=True)[:limit])
    with connection.cursor() as cursor:
        cursor.execute(sql("scans.recall"), {"bags": ids, "batch": batch.pk})
        return [dict(zip(RECALLED, row, strict=True)) for row in cursor.fetchall()]
