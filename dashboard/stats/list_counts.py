"""How many there are, for lists: from the counters; None where only counting would tell."""

from typing import Any

from django.db import connection

from accounts.models import User
from bags.filters import BagFilters
from bags.queries import all_bags
from bags.querysets import visible_area_ids
from tracetrack.db.sql_files import sql

# Up to so many bags of a batch are counted one by one.
MOST_COUNTED = 10_000


def bags(user: User, filters: dict[str, Any]) -> int | None:
    """How many bags `user` sees and the filters mean. Index: bag_in_batch."""
    if "batch" in filters:
        some = all_bags(user, BagFilters(**filters)).order_by()[: MOST_COUNTED + 1]
        found = some.count()
        return found if found <= MOST_COUNTED else None
    areas = visible_area_ids(user)
    asked: dict[str, Any] = dict.fromkeys(["kind", "state", "area", "bag_type"])
    asked |= {"loose": False, "areas": None if areas is None else sorted(areas)}
    return _total("dashboard.total_bags", asked | filters)


def batches(user: User, filters: dict[str, Any]) -> int | None:
    """How many batches the filters mean; everybody sees the same."""
    if not filters.keys() <= {"state", "held"}:
        return None
    return _total("dashboard.total_batches", {"state": None, "held": None} | filters)


def scans(user: User, filters: dict[str, Any]) -> int | None:
    """How many scans the filters mean, for whom no areas bound.

    To others a scan is shown by where its bag is now, which no counter knows.
    """
    if visible_area_ids(user) is not None or {"area", "username"} <= filters.keys():
        return None
    asked = dict.fromkeys(["step", "area", "username"]) | filters
    return _total("dashboard.total_scans", asked)


def _total(statement: str, asked: dict[str, Any]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql(statement), asked)
        return int(cursor.fetchone()[0])
