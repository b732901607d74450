"""The database backend: Django's PostgreSQL backend with another pool.

Django loads the module `base` of the package in ENGINE.
"""

from select import POLLIN, poll
from time import monotonic
from typing import Any
from weakref import WeakKeyDictionary

from django.db.backends.base.base import NO_DB_ALIAS
from django.db.backends.postgresql import base
from psycopg import Connection
from psycopg_pool import ConnectionPool

# Several threads may find dead connections at the same time; the pool is drained once.
DRAIN_INTERVAL_SECONDS = 1.0
# A connection that the server has closed is readable, which poll() on its socket shows without a
# query. If the network drops packets silently, only a query detects it; the pool runs one on
# connections that were idle for this long.
IDLE_CHECK_SECONDS = 2.0


class Pool(ConnectionPool):
    """A pool that replaces all connections when it finds a dead one.

    After a restart of the server all connections are dead. psycopg's pool would check them one
    after another with growing pauses and give up after five, so requests would fail for minutes.
    """

    def __init__(self, **options: Any) -> None:
        self._drained_at = float("-inf")
        self._returned_at: WeakKeyDictionary[Connection[Any], float] = WeakKeyDictionary()
        super().__init__(check=self._check_and_drain, **options)

    def putconn(self, conn: Connection[Any]) -> None:
        """Return a connection to the pool, and record the time."""
        self._returned_at[conn] = monotonic()
        super().putconn(conn)

    def _check_and_drain(self, connection: Connection[Any]) -> None:
        try:
            if self._was_idle(connection) or _is_readable(connection):
                self.check_connection(connection)
        except Exception:
            now = monotonic()
            if now - self._drained_at > DRAIN_INTERVAL_SECONDS:
                self._drained_at = now
                self.drain()
            raise

    def _was_idle(self, connection: Connection[Any]) -> bool:
        return monotonic() - self._returned_at.get(connection, float("-inf")) > IDLE_CHECK_SECONDS


def _is_readable(connection: Connection[Any]) -> bool:
    """Return whether the server has sent unrequested data, usually that it closes."""
    poller = poll()
    poller.register(connection.fileno(), POLLIN)
    return bool(poller.poll(0))


class DatabaseWrapper(base.DatabaseWrapper):
    """Django's wrapper with Pool instead of psycopg's pool."""

    @property
    def pool(self) -> Pool | None:
        options = self.settings_dict["OPTIONS"].get("pool")
        if self.alias == NO_DB_ALIAS or not options:
            return None
        # Private attributes that django-stubs does not declare.
        wrapper: Any = self
        pools: dict[str, Pool] = wrapper._connection_pools
        if self.alias not in pools:
            pool = Pool(
                kwargs=self.get_connection_params() | {"autocommit": True},
                open=False,
                configure=wrapper._configure_connection,
                **options,
            )
            # setdefault is atomic: concurrent threads get the same pool.
            pools.setdefault(self.alias, pool)
        return pools[self.alias]
