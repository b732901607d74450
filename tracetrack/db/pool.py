"""The connections to the database that this process keeps, and how to be rid of all of them."""

from dataclasses import dataclass
from typing import Any, ClassVar

import psycopg
from django.conf import settings
from django.db import connection, transaction

from accounts.models import User
from tracetrack.db.sql_files import sql
from tracetrack.events import Event, emit

open_connection = psycopg.AsyncConnection.connect


@dataclass(frozen=True, slots=True)
class PoolReset(Event):
    """Somebody had all connections to the database replaced."""

    name: ClassVar[str] = "pool.reset"
    audited: ClassVar[bool] = True

    closed: int

    @property
    def subject(self) -> str:
        return "pool"


def figures() -> dict[str, int]:
    """The pool's own count of its connections and of who waited for one, in this process."""
    pool = _pool()
    return dict(pool.get_stats()) if pool else {}


def open_share() -> None:
    """Open this process's share of the connections, beside whatever it does next."""
    pool = _pool()
    if pool is not None and pool.min_size < settings.DB_POOL_MIN:
        pool.open()
        pool.resize(settings.DB_POOL_MIN, settings.DB_POOL_MAX)


async def open_apart(**more: Any) -> psycopg.AsyncConnection[Any]:
    """A connection beside the pool, for an event loop: each statement is a transaction."""
    params: dict[str, Any] = connection.get_connection_params()
    params.pop("cursor_factory", None)
    return await open_connection(**params | more, autocommit=True)


def close() -> None:
    """Let go of all connections; who waits for one is refused at once, or he would hold us up."""
    own: Any = connection
    if _pool() is not None:
        own.close_pool()


@transaction.atomic
def reset(*, actor: User | None) -> int:
    """Replace the connections of every process of ours; how many of the others' were ended.

    Ended is what has done nothing for a second, also within a transaction; who is just asking
    something goes on. A process finds out when it takes a connection, which it checks.
    """
    pool = _pool()
    if pool is not None:
        pool.drain()
    with connection.cursor() as cursor:
        cursor.execute(sql("tracetrack.end_sessions"))
        (closed,) = cursor.fetchone()
    emit(PoolReset(closed), actor=actor)
    return int(closed)


def _pool() -> Any:
    return getattr(connection, "pool", None)
