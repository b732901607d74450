"""What Django loads for ENGINE = "tracetrack.db.backend": it looks for a module of this name."""

from select import POLLIN, poll
from time import monotonic
from typing import Any
from weakref import WeakKeyDictionary

from django.db.backends.base.base import NO_DB_ALIAS
from django.db.backends.postgresql import base
from psycopg import Connection
from psycopg_pool import ConnectionPool

# Of many callers that find a dead connection at once, one is enough to replace all.
DRAINED_SECONDS = 1.0
# A server that ends a connection says so, and a look at the socket shows it at no cost, where
# asking costs as much as a short question. Only a network that swallows everything says nothing;
# after a rest of this length the server is asked.
RESTED_SECONDS = 2.0


class Pool(ConnectionPool):
    """A pool in which one dead connection is taken for a sign that the server was restarted.

    Left to itself it looks at one idle connection after the other, with growing pauses, and gives
    up after the fifth: after a restart all are dead, and requests would hang and fail for minutes.
    """

    def __init__(self, **options: Any) -> None:
        self._last = float("-inf")
        self._left: WeakKeyDictionary[Connection[Any], float] = WeakKeyDictionary()
        super().__init__(check=self._check_and_drain, **options)

    def putconn(self, conn: Connection[Any]) -> None:
        """Take a connection back, and remember when."""
        self._left[conn] = monotonic()
        super().putconn(conn)

    def _check_and_drain(self, connection: Connection[Any]) -> None:
        try:
            if self._has_rested(connection) or _has_news(connection):
                self.check_connection(connection)
        except Exception:
            now = monotonic()
            if now - self._last > DRAINED_SECONDS:
                self._last = now
                self.drain()
            raise

    def _has_rested(self, connection: Connection[Any]) -> bool:
        return monotonic() - self._left.get(connection, float("-inf")) > RESTED_SECONDS


def _has_news(connection: Connection[Any]) -> bool:
    """Whether the server said something nobody asked for: as a rule, that it has gone."""
    listening = poll()
    listening.register(connection.fileno(), POLLIN)
    return bool(listening.poll(0))


class DatabaseWrapper(base.DatabaseWrapper):
    """Django's own, with our pool."""

    @property
    def pool(self) -> Pool | None:
        options = self.settings_dict["OPTIONS"].get("pool")
        if self.alias == NO_DB_ALIAS or not options:
            return None
        # Django's own names, which its types do not know.
        django: Any = self
        pools: dict[str, Pool] = django._connection_pools
        if self.alias not in pools:
            pool = Pool(
                kwargs=self.get_connection_params() | {"autocommit": True},
                open=False,
                configure=django._configure_connection,
                **options,
            )
            # Of two threads that come first, both get the same one.
            pools.setdefault(self.alias, pool)
        return pools[self.alias]
