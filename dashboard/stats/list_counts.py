"""Totals of lists from the counters; None if only counting the rows would give the total."""

from typing import Any

from django.db import connection

from accounts.models import User
from bags.filters import BagFilters
from bags.queries import all_bags
from bags.querysets import visible_area_ids
from tracetrack.db.sql_files import sql

# The bags of a batch have no counter; up to this number they are counted row by row.
MAX_COUNTED_ROWS = 10_000


def count_bags(user: User, filters: dict[str, Any]) -> int | None:
    """Return how many bags `user` can see that match the filters, or None. Index: bag_in_batch.

    `filters` are keyword arguments of BagFilters.
    """
    if "batch" in filters:
        rows = all_bags(user, BagFilters(**filters)).order_by()[: MAX_COUNTED_ROWS + 1]
        total = rows.count()
        return total if total <= MAX_COUNTED_ROWS else None
    areas = visible_area_ids(user)
    params: dict[str, Any] = dict.fromkeys(["kind", "state", "area", "bag_type"])
    params |= {"loose": False, "areas": None if areas is None else sorted(areas)}
    return _fetch_total("dashboard.total_bags", params | filters)


def count_batches(user: User, filters: dict[str, Any]) -> int | None:
    """Return how many batches match the filters, or None. All users see the same batches."""
    if not filters.keys() <= {"state", "held"}:
        return None
    return _fetch_total("dashboard.total_batches", {"state": None, "held": None} | filters)


def count_scans(user: User, filters: dict[str, Any]) -> int | None:
    """Return how many scans match the filters, or None.

    None for a user who is restricted to areas: which scans they see depends on where the bags are
    now, and the counters do not contain that.
    """
    if visible_area_ids(user) is not None or {"area", "username"} <= filters.keys():
        return None
    params = dict.fromkeys(["step", "area", "username"]) | filters
    return _fetch_total("dashboard.total_scans", params)


def _fetch_total(statement: str, params: dict[str, Any]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql(statement), params)
        return int(cursor.fetchone()[0])
