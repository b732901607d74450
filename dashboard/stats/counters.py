"""Verification, repair and roll-up of the dashboard counters.

Triggers maintain the counters; see `dashboard/models.py` and `dashboard/sql/functions/`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import connection, transaction

from tracetrack.db.sql_files import sql

COUNTERS = ("bags", "batches", "scans")


@dataclass(frozen=True, slots=True)
class Drift:
    """A counter whose value differs from a recount.

    `key` are the values of its dimensions, such as kind, type, area, destination and state.
    """

    counter: str
    key: tuple[Any, ...]
    value: int
    recount: int

    def __str__(self) -> str:
        key = " ".join("-" if part in (None, "") else str(part) for part in self.key)
        return f"{self.counter} {key}: is {self.value}, should be {self.recount}"


def find_drifts() -> list[Drift]:
    """Return every counter that differs from a recount in the same snapshot."""
    is_outermost = not connection.in_atomic_block
    with transaction.atomic(), connection.cursor() as cursor:
        # The isolation level can be set only at the start of a transaction.
        if is_outermost:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        return [drift for counter in COUNTERS for drift in _compare(cursor, counter)]


@transaction.atomic
def repair() -> list[Drift]:
    """Set all counters to a recount while writers are locked out; return the corrected drifts."""
    with connection.cursor() as cursor:
        cursor.execute("LOCK bags_bag, bags_batch, scans_scan IN SHARE ROW EXCLUSIVE MODE")
        drifts = [drift for counter in COUNTERS for drift in _compare(cursor, counter)]
        for counter in sorted({drift.counter for drift in drifts}):
            cursor.execute(sql(f"dashboard.repair_{counter}"))
    return drifts


def roll_up() -> None:
    """Add the pending counts to the tallies now. The triggers do the same from time to time."""
    with transaction.atomic(), connection.cursor() as cursor:
        for counter in COUNTERS:
            function = f"dashboard_roll_up_{counter}"
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [function])
            cursor.execute(f"SELECT {function}()")


@contextmanager
def count_on_day(day: date) -> Iterator[None]:
    """Count the changes of this connection during a block as changes of `day`, not of today.

    Demo data needs it, because it records the past.
    """
    setting = "SELECT set_config('tracetrack.counting_day', %s, false)"
    with connection.cursor() as cursor:
        cursor.execute(setting, [day.isoformat()])
    yield
    with connection.cursor() as cursor:
        cursor.execute(setting, [""])


def _compare(cursor: Any, counter: str) -> list[Drift]:
    cursor.execute(sql(f"dashboard.drift_{counter}"))
    return [Drift(counter, tuple(row[:-2]), row[-2], row[-1]) for row in cursor.fetchall()]
