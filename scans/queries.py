"""Queries for lists of scans: the latest ones, and filtered pages."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from accounts.models import User
from bags.filters import id_or_zero
from bags.models import Area
from scans.models import Scan
from scans.querysets import ScanQuerySet
from tracetrack.api.pagination import Page, paginate_values

# The look-up of each field of a row.
Columns = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanFilters:
    """The filters of a list of scans, by code and username; None does not filter."""

    step: str | None = None
    outcome: str | None = None
    area: str | None = None
    username: str | None = None


def filtered_scans(user: User, filters: ScanFilters) -> ScanQuerySet:
    """Return the scans visible to `user` that match the filters.

    Index: scan_latest_in_area. Index: scan_latest_of_actor.
    """
    columns = {
        "step": filters.step,
        "outcome": filters.outcome,
        "area": id_or_zero(Area, code=filters.area),
        "actor": id_or_zero(User, username=filters.username),
    }
    conditions = {column: value for column, value in columns.items() if value is not None}
    return Scan.objects.visible_to(user).filter(**conditions)


def scan_page(user: User, filters: ScanFilters, columns: Columns, **position: Any) -> Page:
    """Return a page of the scans visible to `user` that match the filters, with these columns.

    `position` are the arguments of paginate_values().
    Index: scan_latest_in_area. Index: scan_latest_of_actor. Index: scan_of_rare_step.
    """
    return paginate_values(filtered_scans(user, filters), columns, **position)


def latest_scans(
    user: User, columns: Columns, limit: int = 10, *, area: int | None = None
) -> list[dict[str, Any]]:
    """Return these columns of the newest scans visible to `user`, newest first.

    With `area`, only scans in the area with this id. Index: scan_latest_in_area.
    """
    scans = Scan.objects.visible_to(user).latest_first()
    scans = scans if area is None else scans.filter(area=area)
    rows = scans.values_list(*columns.values())[:limit]
    return [dict(zip(columns, map(_json_value, row), strict=True)) for row in rows]


def _json_value(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value
