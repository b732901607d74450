"""Functions for gunicorn's server hooks. gunicorn.conf.py imports them after Django's set-up."""

from threading import Thread
from typing import Any

from dashboard.live import broadcaster
from dashboard.stats.warm_up import warm_up_dashboard
from tracetrack.db import pool


def start_worker(worker: Any) -> None:
    """Open database connections and fill the cache, while the worker handles its first requests."""
    pool.open_min_connections()
    broadcaster.set_stop_check(lambda: not worker.alive)
    Thread(target=warm_up_dashboard, name="warm-up", daemon=True).start()


def stop_worker() -> None:
    """Close the pool, so that no thread keeps the process waiting for a connection."""
    pool.close()
