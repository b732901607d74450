"""Every number that is shown. Read from the read models, never counted live over scans or bags."""

from collections.abc import Callable, Collection, Iterable
from datetime import date, datetime
from typing import Any

from django.db import connection, models

from accounts.models import User
from bags.errors import AreaUnknown
from bags.models import Bag, Batch, Kind
from bags.queries import batch_contents, find_area, find_batch
from bags.querysets import visible_area_ids
from dashboard.business_days import business_day, business_hour, period_of
from scans.models import Outcome, Scan
from scans.queries import latest
from tracetrack.db.sql_files import sql

STATS = ("bags", "users", "activity", "batches", "all")


def overview(
    user: User, *, now: datetime, area: str | None = None, period: str = "today"
) -> dict[str, Any]:
    """All dashboard numbers that `user` may see, and the ten latest scans.

    The numbers are of one snapshot. `week` is the last 7 business days, today among them;
    `active_users` counts distinct actors of these days. With `area` all but the batches speak of
    this area alone; raises AreaUnknown, also where `user` may not see it. `period`, one of
    `PERIODS`, bounds what says so.
    """
    place = None if area is None else _area(user, area)
    numbers = _numbers("dashboard.overview", user, now, within=place, period=period)
    bounds = numbers.pop("period")
    return {
        "success": True,
        **numbers,
        "recent_activity": latest(user, 10, area=place),
        "generated_at": now.isoformat(),
        "area": area,
        "period": {"name": period, **bounds},
    }


def batch_stats(
    user: User, *, stats: Collection[str], batches: Collection[str] | None, now: datetime
) -> dict[str, Any]:
    """Several statistics in one: any of `STATS`; "all" means each of them.

    With `batches`, `bags` and `batches` speak of these; raises BatchUnknown.
    """
    wanted = set(STATS) if "all" in stats else set(stats)
    numbers = _numbers("dashboard.overview", user, now)
    lots = [find_batch(user, code) for code in dict.fromkeys(batches or ())]
    answers: dict[str, Callable[[], Any]] = {
        "bags": lambda: _bags_of(user, lots) if lots else numbers["stats"]["bags"],
        "users": lambda: {
            "active_users": numbers["stats"]["scans"]["active_users"],
            "top_operators": numbers["top_operators"],
        },
        "activity": lambda: {
            **{k: numbers["stats"]["scans"][k] for k in ("total", "today", "week")},
            "by_day": numbers["by_day"],
            "by_hour": numbers["by_hour"],
            "by_step": _numbers("dashboard.by_step", user, now),
        },
        "batches": lambda: (
            [_batch_line(user, lot) for lot in lots] if lots else numbers["stats"]["batches"]
        ),
    }
    return {name: answer() for name, answer in answers.items() if name in wanted}


def person_stats(person: User, *, now: datetime) -> dict[str, Any]:
    """What one person scanned: in all, today, in the last 7 business days, by step."""
    with connection.cursor() as cursor:
        given: dict[str, Any] = {"actor": person.pk, "today": business_day(now)}
        cursor.execute(sql("dashboard.person"), given)
        (numbers,) = cursor.fetchone()
    return {"username": person.username, **numbers}


def report(user: User, *, first: date, last: date) -> list[dict[str, Any]]:
    """Scans that `user` may see by day, area and step, the latest day first; exact, as all are."""
    areas = visible_area_ids(user)
    given: dict[str, Any] = {
        "areas": None if areas is None else sorted(areas),
        "first": first,
        "last": last,
    }
    with connection.cursor() as cursor:
        cursor.execute(sql("dashboard.report"), given)
        rows: list[dict[str, Any]] = cursor.fetchone()[0]
    return rows


def census() -> dict[str, Any]:
    """What the tables themselves hold, counted row by row."""
    parents = Bag.objects.filter(kind=Kind.PARENT)
    children = Bag.objects.filter(kind=Kind.CHILD)
    return {
        "parents": parents.count(),
        "children": children.count(),
        "loose_children": children.filter(parent=None).count(),
        "linked_children": children.exclude(parent=None).count(),
        "parents_by_state": _by(parents, "state"),
        "ledger_applied_by_step": _by(Scan.objects.filter(outcome=Outcome.APPLIED), "step"),
        "ledger_already_by_step": _by(Scan.objects.filter(outcome=Outcome.ALREADY), "step"),
        "unexpected_receipts": Scan.objects.filter(step="receive", unexpected=True).count(),
        "bags_by_area": _by(Bag.objects.all(), "area__code"),
    }


def _area(user: User, code: str) -> int:
    area, areas = find_area(code), visible_area_ids(user)
    if areas is not None and area.pk not in areas:
        raise AreaUnknown(area=code)
    return area.pk


def _numbers(
    statement: str,
    user: User,
    now: datetime,
    *,
    within: int | None = None,
    period: str = "today",
) -> Any:
    areas, today = visible_area_ids(user) if within is None else {within}, business_day(now)
    first, last = period_of(period, today)
    given: dict[str, Any] = {
        "areas": None if areas is None else sorted(areas),
        "today": today,
        "hour": business_hour(now),
        "first": first,
        "last": last,
    }
    with connection.cursor() as cursor:
        cursor.execute(sql(statement), given)
        (numbers,) = cursor.fetchone()
    return numbers


def _bags_of(user: User, lots: Iterable[Batch]) -> dict[str, Any]:
    return {lot.code: batch_contents(user, lot) for lot in lots}


def _batch_line(user: User, lot: Batch) -> dict[str, Any]:
    return {
        "code": lot.code,
        "product": lot.product,
        "variety": lot.variety,
        "state": lot.state,
        "held": lot.held,
        "planned_bags": lot.planned_bags,
        "progress": batch_contents(user, lot)["progress"],
    }


def _by(rows: "models.QuerySet[Any]", column: str) -> dict[str, int]:
    counted = rows.values(column).annotate(total=models.Count("pk")).order_by(column)
    return {row[column]: row["total"] for row in counted}
