"""Figures of the running system: database, pool, cache, process, and those of the apps."""

import time
from collections.abc import Callable
from functools import cache as cache_result
from typing import Any

import psutil
import psycopg
from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from tracetrack import cache
from tracetrack.db import pool
from tracetrack.db.sql_files import sql

# A health check has to notice a dead database sooner than a request does.
TIMEOUT_SECONDS = 2.0

_app_figures: dict[str, Callable[[], Any]] = {}


def register_figures(name: str, function: Callable[[], Any]) -> None:
    """Add figures to the health endpoint, under this name. Apps call it in their module `ops`."""
    _app_figures[name] = function


def app_figures() -> dict[str, Any]:
    """Return the figures that apps have registered, by name."""
    return {name: function() for name, function in _app_figures.items()}


def database_figures() -> dict[str, Any]:
    """Return whether the database answers, its latency, and the number of pending migrations."""
    started = time.perf_counter()
    try:
        _ping_database()
        latency = time.perf_counter() - started
        pending = len(_known_migrations() - _applied_migrations())
    except (DatabaseError, InterfaceError, psycopg.Error):
        return {"reachable": False, "latency_ms": None, "migrations_pending": None}
    return {
        "reachable": True,
        "latency_ms": round(latency * 1000, 3),
        "migrations_pending": pending,
    }


def process_figures() -> dict[str, Any]:
    """Return the figures of this process: pool, queue for connections, cache, memory, uptime."""
    connections = pool.stats()
    process = psutil.Process()
    return {
        "pool": connections,
        "queue": {
            "waiting": connections.get("requests_waiting", 0),
            "limit": settings.DB_POOL_WAITING,
        },
        "cache": cache.stats(),
        "memory": {"rss_bytes": process.memory_info().rss},
        "process": {
            "pid": process.pid,
            "uptime_seconds": round(time.time() - process.create_time()),
        },
    }


def running_statements() -> list[dict[str, Any]]:
    """Return the statements that are running in the database, the longest-running first."""
    return _rows("tracetrack.statements_running")


def slowest_statements() -> list[dict[str, Any]] | None:
    """Return the statements with the longest average time; None without pg_stat_statements."""
    with connection.cursor() as cursor:
        cursor.execute(sql("tracetrack.statement_stats_enabled"))
        (enabled,) = cursor.fetchone()
    return _rows("tracetrack.statements_slowest") if enabled else None


def _rows(statement: str) -> list[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(sql(statement))
        names = [column.name for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _ping_database() -> None:
    connection_pool = getattr(connection, "pool", None)
    if connection_pool is None or connection.connection is not None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        return
    connection_pool.open()
    with connection_pool.connection(timeout=TIMEOUT_SECONDS) as direct:
        direct.execute("SELECT 1")


@cache_result
def _known_migrations() -> frozenset[tuple[str, str]]:
    loader = MigrationLoader(None)
    return frozenset(loader.disk_migrations)


def _applied_migrations() -> set[tuple[str, str]]:
    # Not with MigrationRecorder.applied_migrations(), which first queries the catalog.
    rows = MigrationRecorder.Migration.objects.values_list("app", "name")
    return set(rows)
