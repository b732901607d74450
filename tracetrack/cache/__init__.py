"""The cache of query results and responses.

cached() stores a value, invalidate() makes all processes build it anew. There are two levels: the
memory of the process, and Redis if REDIS_URL is set. If Redis fails, only speed suffers. No other
package imports Django's cache or a Redis client.
"""

import json
import os
import random
import re
import time
from collections.abc import Callable, Collection
from datetime import date
from decimal import Decimal
from fnmatch import fnmatchcase
from functools import partial
from hashlib import blake2b
from typing import Any, TypeVar, cast
from uuid import UUID

import orjson
from django.conf import settings
from django.db import connection, transaction

from tracetrack.cache.memory import (
    MAX_AGE_WITHOUT_REDIS,
    Entry,
    Memory,
    SingleFlight,
    Stats,
    Version,
)
from tracetrack.cache.redis_level import RedisLevel, RedisValue

T = TypeVar("T")

MAX_MEMORY_ENTRIES = 1000
MAX_KEY_HEAD_CHARS = 80


def key(*parts: object, visibility: str, **params: object) -> str:
    """Return a cache key: readable parts and visibility, then a digest of all arguments.

    `visibility` names the set of users that may get the value, such as "all" or "area:7". Two keys
    are equal only if parts, visibility and parameters are; the order of parameters does not matter.
    """
    if not visibility:
        raise ValueError("A cache key needs a visibility, such as visibility='all'.")
    arguments = json.dumps([parts, visibility, params], sort_keys=True, default=_json_default)
    head = re.sub(r"[^\w.:@-]", "_", ":".join([*map(str, parts), visibility]), flags=re.ASCII)
    digest = blake2b(arguments.encode(), digest_size=16).hexdigest()
    return f"{head[:MAX_KEY_HEAD_CHARS]}:{digest}"


def cached(namespace: str, key: str, build: Callable[[], T], *, seconds: float | None = None) -> T:
    """Return the cached value of a key, or call `build` and store its result.

    `seconds` is the lifetime; it defaults to that of the namespace in CACHE_SECONDS. Values are
    bytes, or anything that orjson can serialize, and come back as JSON gives them back, also on the
    first call. A call after invalidate() never gets a value whose build began before it. Inside a
    transaction with on-commit callbacks the cache is bypassed: such a transaction sees uncommitted
    rows that other readers must not get.

    Raises ValueError if CACHE_SECONDS has no such namespace.
    """
    lifetime = _lifetimes().get(namespace)
    if lifetime is None:
        raise ValueError(f"{namespace!r} is not a namespace in CACHE_SECONDS.")
    if connection.in_atomic_block and connection.run_on_commit:
        return cast(T, _unpack(_pack(build())))
    return _cache().get_or_build(namespace, key, build, lifetime if seconds is None else seconds)


def invalidate(*patterns: str) -> None:
    """Invalidate namespaces for all processes: after COMMIT, or at once outside a transaction.

    A pattern is a namespace or a glob of namespaces, a colon, and a rest that is ignored, such as
    "dashboard:*". A namespace is always invalidated as a whole.

    Raises ValueError for a pattern that matches no namespace.
    """
    matching = {namespace for pattern in patterns for namespace in _parse(pattern)[0]}
    namespaces = sorted(matching)
    if not namespaces:
        return
    if connection.in_atomic_block:
        # robust: a failure of the cache must not reach a caller whose change is committed.
        transaction.on_commit(lambda: _cache().invalidate(namespaces), robust=True)
    else:
        _cache().invalidate(namespaces)


def invalidate_local(*patterns: str) -> None:
    """Invalidate namespaces in this process alone, after another process invalidated them.

    With Redis a process detects that by itself; without Redis it takes up to a second.
    """
    for pattern in patterns:
        _cache().invalidate_local(_parse(pattern)[0])


def purge(pattern: str) -> int:
    """Delete the entries that match a pattern such as "bags:list*"; return their number.

    The number covers Redis and this process. Other processes are informed as by invalidate().
    """
    return _cache().purge(*_parse(pattern))


def stats() -> dict[str, Any]:
    """Return the counters of this process since its start and the state of both levels."""
    return _cache().stats(_lifetimes())


class Cache:
    """Both levels and the running builds, for one Redis URL and key prefix."""

    def __init__(
        self, url: str, *, prefix: str, timeout: float, clock: Callable[[], float] = time.time
    ) -> None:
        self._clock = clock
        self._stats = Stats()
        self._memory = Memory(MAX_MEMORY_ENTRIES, self._stats)
        self._single_flight = SingleFlight()
        self._redis = (
            RedisLevel(url, prefix=prefix, timeout=timeout, stats=self._stats) if url else None
        )

    def get_or_build(self, namespace: str, key: str, build: Callable[[], T], seconds: float) -> T:
        """Return the cached value, or build it once for all concurrent callers."""
        now = self._clock()
        version, payload = self._look_up(namespace, key, now, seconds)
        if payload is None:
            name = f"{namespace}:{key}"
            payload = self._single_flight.run(
                (name, version),
                partial(self._build, name, version, build, seconds),
                now=now,
                since=0.0 if version.token else now - MAX_AGE_WITHOUT_REDIS,
            )
        return cast(T, _unpack(payload))

    def invalidate(self, namespaces: Collection[str]) -> None:
        """Invalidate namespaces in Redis, then in memory."""
        try:
            if self._redis:
                self._redis.invalidate(namespaces)
        finally:
            # Redis first: otherwise a reader could copy the old value from there into memory.
            self._memory.invalidate(namespaces)

    def invalidate_local(self, namespaces: Collection[str]) -> None:
        """Do the work of invalidate_local()."""
        self._memory.invalidate(namespaces)

    def purge(self, namespaces: Collection[str], glob: str) -> int:
        """Do the work of purge()."""
        self.invalidate(namespaces)
        purged = self._memory.purge(namespaces, glob)
        if self._redis:
            purged |= self._redis.purge(namespaces, glob)
        return len(purged)

    def stats(self, namespaces: Collection[str]) -> dict[str, Any]:
        """Do the work of stats()."""
        level = self._redis
        return {
            "namespaces": self._stats.by_namespace(namespaces),
            "entries": len(self._memory),
            "breaker": level.breaker.state if level else "closed",
            "owed": level.pending_invalidations if level else 0,
            "redis": {
                "configured": level is not None,
                "reachable": level is not None and level.is_reachable(),
            },
        }

    def _look_up(
        self, namespace: str, key: str, now: float, seconds: float
    ) -> tuple[Version, bytes | None]:
        name = f"{namespace}:{key}"
        # Read the epoch first: an invalidation from here on also applies to entries stored below.
        epoch = self._memory.epoch(namespace)
        entry = self._memory.get(name, epoch, now)
        token, value = self._look_up_in_redis(namespace, None if entry else key)
        if entry and entry.is_valid(token, now):
            self._stats.add(namespace, "hits_memory")
            return Version(epoch, token), entry.payload
        if entry and token:
            # Another process has invalidated the namespace, and may have stored a new value since.
            token, value = self._look_up_in_redis(namespace, key)
        version = Version(epoch, token)
        if value is None:
            self._stats.add(namespace, "misses")
            return version, None
        self._stats.add(namespace, "hits_redis")
        expires = min(value.expires, now + seconds)
        self._memory.store(name, Entry(version, now, expires, value.payload))
        return version, value.payload

    def _look_up_in_redis(
        self, namespace: str, key: str | None
    ) -> tuple[str | None, RedisValue | None]:
        return self._redis.get(namespace, key) if self._redis else (None, None)

    def _build(
        self, name: str, version: Version, build: Callable[[], object], seconds: float
    ) -> bytes:
        started = self._clock()
        entry = self._memory.get(name, version.epoch, started)
        if entry and entry.is_valid(version.token, started):
            # Another thread stored the value between our look-up and this call.
            return entry.payload
        self._stats.add(name.partition(":")[0], "builds")
        payload = _pack(build())
        # A random lifetime, so that entries stored together do not all expire together.
        new = Entry(version, started, started + seconds * random.uniform(0.9, 1.0), payload)
        self._memory.store(name, new)
        if self._redis and version.token:
            self._redis.store(name, new, self._clock())
        return payload


_caches: dict[tuple[str, str], Cache] = {}
# A forked child must not share sockets, locks and threads with its parent.
os.register_at_fork(after_in_child=_caches.clear)


def _cache() -> Cache:
    url, prefix = settings.REDIS_URL, getattr(settings, "CACHE_PREFIX", "tt")
    # setdefault is atomic: two threads that call it first get the same cache.
    return _caches.get((url, prefix)) or _caches.setdefault(
        (url, prefix), Cache(url, prefix=prefix, timeout=settings.REDIS_SECONDS)
    )


def _lifetimes() -> dict[str, float]:
    lifetimes: dict[str, float] = settings.CACHE_SECONDS
    return lifetimes


def _parse(pattern: str) -> tuple[list[str], str]:
    """Return the namespaces that a pattern matches, and its glob of keys."""
    head, _, glob = pattern.partition(":")
    namespaces = [namespace for namespace in _lifetimes() if fnmatchcase(namespace, head)]
    if not namespaces:
        known = ", ".join(_lifetimes())
        raise ValueError(f"{pattern!r} matches no namespace. The namespaces are {known}.")
    return namespaces, glob or "*"


def _pack(value: object) -> bytes:
    return b"b" + value if isinstance(value, bytes) else b"j" + orjson.dumps(value)


def _unpack(payload: bytes) -> object:
    return payload[1:] if payload[:1] == b"b" else orjson.loads(memoryview(payload)[1:])


def _json_default(value: object) -> str:
    if isinstance(value, date | Decimal | UUID):
        return str(value)
    raise TypeError(f"A cache key cannot hold {value!r}.")
