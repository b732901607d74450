"""The proof of the counters: what they say, what a recount says, and the repair."""

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
    """One number that is not what a recount gives."""

    counter: str
    key: tuple[Any, ...]
    is_now: int
    should_be: int

    def __str__(self) -> str:
        key = " ".join("-" if part in (None, "") else str(part) for part in self.key)
        return f"{self.counter} {key}: is {self.is_now}, should be {self.should_be}"


def drifts() -> list[Drift]:
    """Every counter that differs from a recount, both read in one snapshot."""
    within = connection.in_atomic_block
    with transaction.atomic(), connection.cursor() as cursor:
        # A transaction that is under way can no longer change how it sees the others.
        if not within:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        return [drift for counter in COUNTERS for drift in _compared(cursor, counter)]


@transaction.atomic
def repair() -> list[Drift]:
    """Set every counter to a recount, while nobody writes; returns what was wrong."""
    with connection.cursor() as cursor:
        cursor.execute("LOCK bags_bag, bags_batch, scans_scan IN SHARE ROW EXCLUSIVE MODE")
        wrong = [drift for counter in COUNTERS for drift in _compared(cursor, counter)]
        for counter in sorted({drift.counter for drift in wrong}):
            cursor.execute(sql(f"dashboard.repair_{counter}"))
    return wrong


def roll_up() -> None:
    """Add what is pending to the tallies now; writers do so by themselves now and then."""
    with transaction.atomic(), connection.cursor() as cursor:
        for counter in COUNTERS:
            lock = f"dashboard_roll_up_{counter}"
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [lock])
            cursor.execute(f"SELECT {lock}()")


@contextmanager
def counting_on(day: date) -> Iterator[None]:
    """Count what this connection changes as a change of `day`: for those who play the past."""
    setting = "SELECT set_config('tracetrack.counting_day', %s, false)"
    with connection.cursor() as cursor:
        cursor.execute(setting, [day.isoformat()])
    yield
    with connection.cursor() as cursor:
        cursor.execute(setting, [""])


def _compared(cursor: Any, counter: str) -> list[Drift]:
    cursor.execute(sql(f"dashboard.drift_{counter}"))
    return [Drift(counter, tuple(row[:-2]), row[-2], row[-1]) for row in cursor.fetchall()]
