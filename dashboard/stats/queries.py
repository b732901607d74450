"""Statistics for the dashboard and reports, read from the counters instead of bags and scans."""

from collections.abc import Callable, Collection, Iterable
from datetime import date, datetime
from typing import Any

from django.db import connection, models

from accounts.models import User
from bags.errors import AreaUnknown
from bags.models import Bag, Batch, Kind
from bags.queries import batch_contents, find_area, find_batch
from bags.querysets import visible_area_ids
from dashboard.business_days import business_day, business_hour, period_days
from scans.api.serializers import LATEST_SCAN_COLUMNS
from scans.models import Outcome, Scan
from scans.queries import latest_scans
from tracetrack.db.sql_files import sql

STATS = ("bags", "users", "activity", "batches", "all")


def overview(
    user: User, *, now: datetime, area: str | None = None, period: str = "today"
) -> dict[str, Any]:
    """Return all dashboard statistics that `user` may see, and the ten latest scans.

    The statistics come from one snapshot. `week` is the last 7 business days including today;
    `active_users` counts the distinct actors of these days. With `area` everything but the batches
    is limited to this area. `period`, one of `PERIODS`, is the time span of the fields that have
    one. Raises AreaUnknown if the area does not exist or `user` may not see it.
    """
    area_id = None if area is None else _visible_area_id(user, area)
    statistics = _fetch_statistics("dashboard.overview", user, now, area_id=area_id, period=period)
    bounds = statistics.pop("period")
    return {
        "success": True,
        **statistics,
        "recent_activity": latest_scans(user, LATEST_SCAN_COLUMNS, 10, area=area_id),
        "generated_at": now.isoformat(),
        "area": area,
        "period": {"name": period, **bounds},
    }


def batch_stats(
    user: User, *, stats: Collection[str], batches: Collection[str] | None, now: datetime
) -> dict[str, Any]:
    """Return several statistics by name: those in `stats`, or all of `STATS` if it has "all".

    With `batches` (codes), the parts `bags` and `batches` are limited to these batches. Raise
    BatchUnknown.
    """
    requested = set(STATS) if "all" in stats else set(stats)
    statistics = _fetch_statistics("dashboard.overview", user, now)
    selected = [find_batch(user, code) for code in dict.fromkeys(batches or ())]
    totals = statistics["stats"]
    parts: dict[str, Callable[[], Any]] = {
        "bags": lambda: _contents_by_batch(user, selected) if selected else totals["bags"],
        "users": lambda: {
            "active_users": totals["scans"]["active_users"],
            "top_operators": statistics["top_operators"],
        },
        "activity": lambda: {
            **{name: totals["scans"][name] for name in ("total", "today", "week")},
            "by_day": statistics["by_day"],
            "by_hour": statistics["by_hour"],
            "by_step": _fetch_statistics("dashboard.by_step", user, now),
        },
        "batches": lambda: (
            [_batch_summary(user, batch) for batch in selected] if selected else totals["batches"]
        ),
    }
    return {name: build() for name, build in parts.items() if name in requested}


def user_stats(user: User, *, now: datetime) -> dict[str, Any]:
    """Return the scan counts of one user: total, today, last 7 business days, by step."""
    params: dict[str, Any] = {"actor": user.pk, "today": business_day(now)}
    return {"username": user.username, **_fetch_json("dashboard.user_stats", params)}


def scan_report(user: User, *, first: date, last: date) -> list[dict[str, Any]]:
    """Return the scan counts that `user` may see by day, area and step, latest day first.

    `first` and `last` are business days and both included.
    """
    params: dict[str, Any] = {"areas": _area_params(user), "first": first, "last": last}
    rows: list[dict[str, Any]] = _fetch_json("dashboard.report", params)
    return rows


def count_rows() -> dict[str, Any]:
    """Count bags and scans in their tables, without the counters. Slow on large tables."""
    parents = Bag.objects.filter(kind=Kind.PARENT)
    children = Bag.objects.filter(kind=Kind.CHILD)
    return {
        "parents": parents.count(),
        "children": children.count(),
        "loose_children": children.filter(parent=None).count(),
        "linked_children": children.exclude(parent=None).count(),
        "parents_by_state": _count_by(parents, "state"),
        "ledger_applied_by_step": _count_by(Scan.objects.filter(outcome=Outcome.APPLIED), "step"),
        "ledger_already_by_step": _count_by(Scan.objects.filter(outcome=Outcome.ALREADY), "step"),
        "unexpected_receipts": Scan.objects.filter(step="receive", unexpected=True).count(),
        "bags_by_area": _count_by(Bag.objects.all(), "area__code"),
    }


def _visible_area_id(user: User, code: str) -> int:
    area, visible = find_area(code), visible_area_ids(user)
    if visible is not None and area.pk not in visible:
        raise AreaUnknown(area=code)
    return area.pk


def _area_params(user: User, area_id: int | None = None) -> list[int] | None:
    """Return the area ids to limit a statement to: one area, the user's areas, or None for all."""
    areas = visible_area_ids(user) if area_id is None else {area_id}
    return None if areas is None else sorted(areas)


def _fetch_statistics(
    statement: str,
    user: User,
    now: datetime,
    *,
    area_id: int | None = None,
    period: str = "today",
) -> Any:
    today = business_day(now)
    first, last = period_days(period, today)
    params: dict[str, Any] = {
        "areas": _area_params(user, area_id),
        "today": today,
        "hour": business_hour(now),
        "first": first,
        "last": last,
    }
    return _fetch_json(statement, params)


def _fetch_json(statement: str, params: dict[str, Any]) -> Any:
    """Run a statement that returns one JSON value; return it decoded."""
    with connection.cursor() as cursor:
        cursor.execute(sql(statement), params)
        (value,) = cursor.fetchone()
    return value


def _contents_by_batch(user: User, batches: Iterable[Batch]) -> dict[str, Any]:
    return {batch.code: batch_contents(user, batch) for batch in batches}


def _batch_summary(user: User, batch: Batch) -> dict[str, Any]:
    return {
        "code": batch.code,
        "product": batch.product,
        "variety": batch.variety,
        "state": batch.state,
        "held": batch.held,
        "planned_bags": batch.planned_bags,
        "progress": batch_contents(user, batch)["progress"],
    }


def _count_by(rows: "models.QuerySet[Any]", column: str) -> dict[str, int]:
    counted = rows.values(column).annotate(total=models.Count("pk")).order_by(column)
    return {row[column]: row["total"] for row in counted}
