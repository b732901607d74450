"""Run calls concurrently: each in a thread with its own connection, all started at one moment."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

from django.db import connection

from tracetrack.errors.problem import Problem


def run_concurrently(calls: Sequence[Callable[[], Any]]) -> list[Any]:
    """Return the result of each call, or the Problem that it raised. Other exceptions propagate."""
    barrier = Barrier(len(calls), timeout=30)

    def one(call: Callable[[], Any]) -> Any:
        try:
            barrier.wait()
            return call()
        except Problem as problem:
            return problem
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(one, calls))


def has_blocked_session() -> bool:
    """Return whether another session waits for a lock of this connection."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks"
            " WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid))"
        )
        return bool(cursor.fetchone()[0])
