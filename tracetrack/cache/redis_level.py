"""Second level of the cache: Redis, shared by all processes. Its failures never raise."""

import glob
import secrets
import threading
import time
from collections.abc import Callable, Collection
from contextlib import suppress
from functools import cached_property
from typing import Any, NamedTuple, TypeVar

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from tracetrack.cache.breaker import CircuitBreaker
from tracetrack.cache.memory import Entry, Stats, matches

T = TypeVar("T")

# Part of each key. Raise it when the packed format changes: processes that run different code then
# do not read each other's values.
SCHEMA_VERSION = 1


class RedisValue(NamedTuple):
    """A packed value from Redis and when it expires (Unix time)."""

    expires: float
    payload: bytes


class RedisLevel:
    """Values and the version tokens of namespaces in Redis.

    The token of a namespace is random; deleting it invalidates the namespace. A value carries the
    token that was read before it was built and is valid only under that one. If Redis fails, the
    methods return None and a circuit breaker skips calls for a while; invalidations are repeated by
    a thread until Redis accepts them.
    """

    RETRY_SECONDS = 0.25

    def __init__(self, url: str, *, prefix: str, timeout: float, stats: Stats) -> None:
        self.breaker = CircuitBreaker(failures=3, rest=5.0)
        self._stats = stats
        self._head = f"{prefix}:{SCHEMA_VERSION}"
        self._run_id = ""
        self._lock = threading.Lock()
        self._pending: dict[str, object] = {}
        self._retry_thread: threading.Thread | None = None
        self._url, self._timeout = url, timeout

    @cached_property
    def _client(self) -> redis.Redis:
        # Created on first use, so that a URL that the client rejects counts as a failing Redis.
        return redis.Redis.from_url(
            self._url,
            protocol=2,  # Version 3 has a longer handshake, for features that are not used here.
            socket_timeout=self._timeout,
            socket_connect_timeout=self._timeout,
            retry=Retry(NoBackoff(), 0),
            redis_connect_func=self._on_connect,
        )

    @property
    def pending_invalidations(self) -> int:
        """Number of namespaces whose invalidation Redis has not accepted yet."""
        return len(self._pending)

    def is_reachable(self) -> bool:
        """Return whether Redis answers a PING; False while the breaker is open."""
        return self._call((), lambda: self._client.ping()) is not None

    def get(self, namespace: str, key: str | None) -> tuple[str | None, RedisValue | None]:
        """Return the token of the namespace and, if a key is given, its value under that token.

        This is one round trip. The token is None if Redis is unavailable, and "" if the namespace
        has none and Redis stores no new one, as when it is out of memory.
        """
        names = [self._token_name(namespace)]
        if key is not None:
            names.append(self._value_name(f"{namespace}:{key}"))
        values = self._call((namespace,), lambda: self._client.mget(names))
        if values is None:
            return None, None
        stored = values[0] or self._call((namespace,), lambda: self._create_token(names[0]))
        if stored is None:
            return "", None
        token = f"{_text(stored)}.{self._run_id}"
        return token, _parse_value(token, values[1]) if key is not None else None

    def store(self, name: str, entry: Entry, now: float) -> None:
        """Store an entry until it expires. It is invalid at once if its token has changed since."""
        milliseconds = int((entry.expires - now) * 1000)
        if milliseconds <= 0:
            return
        value = f"{entry.version.token}|{entry.expires}|".encode() + entry.payload
        namespace = name.partition(":")[0]
        self._call(
            (namespace,),
            lambda: self._client.set(self._value_name(name), value, px=milliseconds),
        )

    def invalidate(self, namespaces: Collection[str]) -> None:
        """Invalidate namespaces for all processes: now, or before Redis is read from again."""
        if not self._pending and self.breaker.allows_call() and self._delete_tokens(namespaces):
            return
        with self._lock:
            self._pending.update((namespace, object()) for namespace in namespaces)
            if self._retry_thread is None:
                thread = threading.Thread(
                    target=self._retry_invalidations, name="cache", daemon=True
                )
                # RuntimeError: no thread can be started. The next invalidation tries again.
                with suppress(RuntimeError):
                    thread.start()
                    self._retry_thread = thread

    def purge(self, namespaces: Collection[str], pattern: str) -> set[str]:
        """Delete the matching values; return their names."""
        purged: set[str] = set()
        self._call(namespaces, lambda: self._scan_and_delete(namespaces, pattern, purged))
        return purged

    def _scan_and_delete(self, namespaces: Collection[str], pattern: str, purged: set[str]) -> None:
        head = self._value_name("")
        cursor = 0
        while True:
            cursor, found = self._client.scan(cursor, match=f"{glob.escape(head)}*", count=1000)
            names = {_text(full).removeprefix(head) for full in found}
            matching = {name for name in names if matches(name, namespaces, pattern)}
            if matching:
                self._client.unlink(*map(self._value_name, matching))
                purged |= matching
            if cursor == 0:
                return

    def _delete_tokens(self, namespaces: Collection[str]) -> bool:
        # DELETE needs no memory, so it works in a full Redis too.
        names = [self._token_name(namespace) for namespace in namespaces]
        return self._try(namespaces, lambda: self._client.delete(*names)) is not None

    def _retry_invalidations(self) -> None:
        while True:
            time.sleep(self.RETRY_SECONDS)
            with self._lock:
                pending = dict(self._pending)
            if not self._delete_tokens(pending):
                continue
            with self._lock:
                for namespace, marker in pending.items():
                    # Another marker: it was invalidated again after we read the dictionary.
                    if self._pending[namespace] is marker:
                        del self._pending[namespace]
                if not self._pending:
                    self._retry_thread = None
                    return

    def _call(self, namespaces: Collection[str], call: Callable[[], T]) -> T | None:
        # While invalidations are pending, values in Redis may be outdated.
        if self._pending or not self.breaker.allows_call():
            return None
        return self._try(namespaces, call)

    def _try(self, namespaces: Collection[str], call: Callable[[], T]) -> T | None:
        try:
            result = call()
        except Exception:  # Any error: the value can be built without Redis.
            self.breaker.record_failure()
            for namespace in namespaces:
                self._stats.add(namespace, "errors")
            return None
        self.breaker.record_success()
        return result

    def _create_token(self, name: str) -> bytes | None:
        # NX, because several processes may find it missing at once: the first one's token counts.
        pipeline = self._client.pipeline(transaction=False)
        pipeline.set(name, secrets.token_hex(16), nx=True)
        pipeline.get(name)
        token: bytes | None = pipeline.execute()[1]
        return token

    def _on_connect(self, connection: Any) -> None:
        # A restarted server, or a replica that took over, may have tokens from before an
        # invalidation. Its run_id, new at each start, is part of each token, which makes them void.
        connection.on_connect()
        connection.send_command("INFO", "server")
        _, _, rest = _text(connection.read_response()).partition("run_id:")
        self._run_id = rest[:40]

    def _token_name(self, namespace: str) -> str:
        return f"{self._head}:version:{namespace}"

    def _value_name(self, name: str) -> str:
        return f"{self._head}:value:{name}"


def _text(raw: bytes | str) -> str:
    return raw if isinstance(raw, str) else raw.decode(errors="replace")


def _parse_value(token: str, value: bytes | str | None) -> RedisValue | None:
    head = f"{token}|".encode()
    if not isinstance(value, bytes) or not value.startswith(head):
        return None
    expires, _, payload = value[len(head) :].partition(b"|")
    with suppress(ValueError):
        return RedisValue(float(expires), payload)
    return None
