"""Real threads at once: every caller starts at the same moment, each on a connection of its own."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

from django.db import connection

from tracetrack.errors.problem import Problem


def together(calls: Sequence[Callable[[], Any]]) -> list[Any]:
    """What each call returned, or the Problem that refused it; anything else is raised."""
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
