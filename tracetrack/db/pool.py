"""The database connections of this process: the pool, and connections outside of it."""

from typing import Any

import psycopg
from django.conf import settings
from django.db import connection

from tracetrack.db.sql_files import sql

open_connection = psycopg.AsyncConnection.connect


def stats() -> dict[str, int]:
    """Return psycopg_pool's statistics of this process; empty without a pool."""
    pool = _pool()
    return dict(pool.get_stats()) if pool else {}


def open_min_connections() -> None:
    """Start to open DB_POOL_MIN connections in the pool's own threads."""
    pool = _pool()
    if pool is not None and pool.min_size < settings.DB_POOL_MIN:
        pool.open()
        pool.resize(settings.DB_POOL_MIN, settings.DB_POOL_MAX)


async def open_async_connection(**params: Any) -> psycopg.AsyncConnection[Any]:
    """Open an autocommit connection outside the pool, for use on an event loop.

    `params` override the connection parameters from the settings.
    """
    defaults: dict[str, Any] = connection.get_connection_params()
    defaults.pop("cursor_factory", None)
    return await open_connection(**defaults | params, autocommit=True)


def close() -> None:
    """Close the pool. Threads that wait for a connection fail, so that shutdown is not blocked."""
    wrapper: Any = connection
    if _pool() is not None:
        wrapper.close_pool()


def replace_connections() -> int:
    """Make every process replace its connections; return the number of ended sessions.

    This process drains its pool. Sessions of other processes are ended if they have been idle for a
    second, also inside a transaction; running statements continue. The other processes detect that
    when they take a connection, because the pool checks it.
    """
    pool = _pool()
    if pool is not None:
        pool.drain()
    with connection.cursor() as cursor:
        cursor.execute(sql("tracetrack.end_idle_sessions"))
        (ended,) = cursor.fetchone()
    return int(ended)


def _pool() -> Any:
    return getattr(connection, "pool", None)
