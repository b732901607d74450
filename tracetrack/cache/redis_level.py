"""Second level of the cache: Redis, shared by all processes; a failing one costs time only."""

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

from tracetrack.cache.breaker import Breaker
from tracetrack.cache.memory import Entry, Tally, is_meant

T = TypeVar("T")

# Raise it when packed answers change: processes with other code then do not read each other's.
SCHEMA = 1


class Found(NamedTuple):
    """An answer that came from Redis, packed, and when its time is over."""

    expires: float
    payload: bytes


class Shared:
    """Answers and namespace versions in Redis. Nothing here raises because of Redis.

    A namespace's version is a random token; to drop the namespace is to delete the token. An
    answer carries the version that was read before it was built and counts only under that one.
    """

    RETRY_SECONDS = 0.25

    def __init__(self, url: str, *, prefix: str, timeout: float, tally: Tally) -> None:
        self.breaker = Breaker(failures=3, rest=5.0)
        self._tally = tally
        self._head = f"{prefix}:{SCHEMA}"
        self._server = ""
        self._lock = threading.Lock()
        self._owed: dict[str, object] = {}
        self._courier: threading.Thread | None = None
        self._url, self._timeout = url, timeout

    @cached_property
    def _client(self) -> redis.Redis:
        # Not made before it is used, so that a client that cannot be made is a Redis that fails.
        return redis.Redis.from_url(
            self._url,
            protocol=2,  # Version 3 starts maintenance notices, a longer handshake for nothing.
            socket_timeout=self._timeout,
            socket_connect_timeout=self._timeout,
            retry=Retry(NoBackoff(), 0),
            redis_connect_func=self._greet,
        )

    @property
    def owed(self) -> int:
        """How many namespaces were dropped here and still wait for Redis to hear of it."""
        return len(self._owed)

    def reachable(self) -> bool:
        """Whether Redis answers now; while the breaker is open it is not asked."""
        return self._ask((), lambda: self._client.ping()) is not None

    def look(self, namespace: str, key: str | None) -> tuple[str | None, Found | None]:
        """The namespace's version and, where a key is given, what is kept under that version.

        One trip. None means that Redis cannot be relied on now, "" that the namespace was
        dropped and Redis takes no new version, as when it is full.
        """
        names = [self._version_name(namespace)]
        if key is not None:
            names.append(self._value_name(f"{namespace}:{key}"))
        answer = self._ask((namespace,), lambda: self._client.mget(names))
        if answer is None:
            return None, None
        token = answer[0] or self._ask((namespace,), lambda: self._new_token(names[0]))
        if token is None:
            return "", None
        version = f"{_text(token)}.{self._server}"
        return version, _found(version, answer[1]) if key is not None else None

    def keep(self, name: str, entry: Entry, now: float) -> None:
        """Share the entry until it expires. It is dead already if its version has passed."""
        left = int((entry.expires - now) * 1000)
        if left <= 0:
            return
        value = f"{entry.stamp.version}|{entry.expires}|".encode() + entry.payload
        namespace = name.partition(":")[0]
        self._ask((namespace,), lambda: self._client.set(self._value_name(name), value, px=left))

    def drop(self, namespaces: Collection[str]) -> None:
        """Outdate the namespaces for every process: now, or before Redis is relied on again."""
        if not self._owed and self.breaker.admits() and self._send(namespaces):
            return
        with self._lock:
            self._owed.update((namespace, object()) for namespace in namespaces)
            if self._courier is None:
                courier = threading.Thread(target=self._carry, name="cache", daemon=True)
                with suppress(RuntimeError):  # No thread to be had: the next drop tries again.
                    courier.start()
                    self._courier = courier

    def sweep(self, namespaces: Collection[str], pattern: str) -> set[str]:
        """Remove the entries that are meant; return the names of those that went."""
        gone: set[str] = set()
        self._ask(namespaces, lambda: self._walk(namespaces, pattern, gone))
        return gone

    def _walk(self, namespaces: Collection[str], pattern: str, gone: set[str]) -> None:
        head = self._value_name("")
        cursor = 0
        while True:
            cursor, found = self._client.scan(cursor, match=f"{glob.escape(head)}*", count=1000)
            names = {_text(full).removeprefix(head) for full in found}
            meant = {name for name in names if is_meant(name, namespaces, pattern)}
            if meant:
                self._client.unlink(*map(self._value_name, meant))
                gone |= meant
            if cursor == 0:
                return

    def _send(self, namespaces: Collection[str]) -> bool:
        # To delete needs no memory, so this works in a full Redis too.
        names = [self._version_name(namespace) for namespace in namespaces]
        return self._attempt(namespaces, lambda: self._client.delete(*names)) is not None

    def _carry(self) -> None:
        while True:
            time.sleep(self.RETRY_SECONDS)
            with self._lock:
                owed = dict(self._owed)
            if not self._send(owed):
                continue
            with self._lock:
                for namespace, mark in owed.items():
                    # Another mark: dropped again meanwhile, perhaps after Redis heard of this one.
                    if self._owed[namespace] is mark:
                        del self._owed[namespace]
                if not self._owed:
                    self._courier = None
                    return

    def _ask(self, namespaces: Collection[str], call: Callable[[], T]) -> T | None:
        # While others have not heard of our drops, what they left in Redis may be outdated.
        if self._owed or not self.breaker.admits():
            return None
        return self._attempt(namespaces, call)

    def _attempt(self, namespaces: Collection[str], call: Callable[[], T]) -> T | None:
        try:
            answer = call()
        except Exception:  # Whatever it is, the answer can be had without Redis.
            self.breaker.failed()
            for namespace in namespaces:
                self._tally.add(namespace, "errors")
            return None
        self.breaker.succeeded()
        return answer

    def _new_token(self, name: str) -> bytes | None:
        # Many may find it missing at once: the first one's counts.
        trip = self._client.pipeline(transaction=False)
        trip.set(name, secrets.token_hex(16), nx=True)
        trip.get(name)
        token: bytes | None = trip.execute()[1]
        return token

    def _greet(self, connection: Any) -> None:
        # A restarted server, or a replica in its place, may know versions from before a drop.
        # Its run_id, new each time, is part of every version, so that none of them counts.
        connection.on_connect()
        connection.send_command("INFO", "server")
        _, _, rest = _text(connection.read_response()).partition("run_id:")
        self._server = rest[:40]

    def _version_name(self, namespace: str) -> str:
        return f"{self._head}:version:{namespace}"

    def _value_name(self, name: str) -> str:
        return f"{self._head}:value:{name}"


def _text(raw: bytes | str) -> str:
    return raw if isinstance(raw, str) else raw.decode(errors="replace")


def _found(version: str, value: bytes | str | None) -> Found | None:
    head = f"{version}|".encode()
    if not isinstance(value, bytes) or not value.startswith(head):
        return None
    expires, _, payload = value[len(head) :].partition(b"|")
    with suppress(ValueError):
        return Found(float(expires), payload)
    return None
