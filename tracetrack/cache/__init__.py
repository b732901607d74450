"""The cache: cached() keeps answers, drop() outdates them everywhere; failures cost time only.

Two levels stand behind it: the memory of the process, and Redis where REDIS_URL names one.
Nothing else in the project imports a cache or a Redis client.
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

from tracetrack.cache.memory import ALONE_SECONDS, Entry, Flights, Memory, Stamp, Tally
from tracetrack.cache.redis_level import Found, Shared

T = TypeVar("T")

MOST_ENTRIES = 1000
HEAD_LENGTH = 80


def key(*parts: object, scope: str, **params: object) -> str:
    """A key: readable parts, whose eyes the answer is for, and a digest of everything.

    Two keys are equal only if parts, scope and parameters are; the order of parameters is free.
    """
    if not scope:
        raise ValueError("A key needs a scope: say for whom the answer is.")
    whole = json.dumps([parts, scope, params], sort_keys=True, default=_plain)
    head = re.sub(r"[^\w.:@-]", "_", ":".join([*map(str, parts), scope]), flags=re.ASCII)
    return f"{head[:HEAD_LENGTH]}:{blake2b(whole.encode(), digest_size=16).hexdigest()}"


def cached(namespace: str, key: str, build: Callable[[], T], *, seconds: float | None = None) -> T:
    """The answer of `build()`, built at most once until it is `seconds` old or dropped.

    Without `seconds` the namespace's own lifetime counts. Answers are bytes, or what orjson can
    write; they come back as JSON gives them back, the first time too. Whoever asks after a drop
    never gets what was begun before it. Inside a transaction that has something to do on commit,
    nothing is kept and nothing kept is given: such a transaction sees what nobody else may see.
    """
    lifetime = _lifetimes().get(namespace)
    if lifetime is None:
        raise ValueError(f"{namespace!r} is no namespace of CACHE_SECONDS.")
    if connection.in_atomic_block and connection.run_on_commit:
        return cast(T, _unpack(_pack(build())))
    return _cache().answer(namespace, key, build, lifetime if seconds is None else seconds)


def drop(*patterns: str) -> None:
    """Outdate the namespaces that the patterns name, for every process: after COMMIT, or now.

    A pattern is a namespace, or a glob of them, then a colon and whatever helps the reader:
    "dashboard:*". A namespace is always dropped whole.
    """
    namespaces = sorted({namespace for pattern in patterns for namespace in _meant(pattern)[0]})
    if not namespaces:
        return
    if connection.in_atomic_block:
        # What is committed is committed: whoever did it must not hear of our troubles.
        transaction.on_commit(lambda: _cache().drop(namespaces), robust=True)
    else:
        _cache().drop(namespaces)


def forget(*patterns: str) -> None:
    """Outdate the namespaces that the patterns name in this process alone: another dropped them.

    With Redis this process finds out by itself, without it up to a second later.
    """
    for pattern in patterns:
        _cache().forget(_meant(pattern)[0])


def clear(pattern: str) -> int:
    """Remove the entries that fit, such as "bags:list*", at once; return how many went.

    Counted are those in Redis and in this process. Other processes forget as they do by drop().
    """
    return _cache().clear(*_meant(pattern))


def figures() -> dict[str, Any]:
    """What the cache did in this process since it started, and how it is now."""
    return _cache().figures(_lifetimes())


class Cache:
    """Both levels and the builds under way, for one Redis and prefix."""

    def __init__(
        self, url: str, *, prefix: str, timeout: float, clock: Callable[[], float] = time.time
    ) -> None:
        self._clock = clock
        self._tally = Tally()
        self._memory = Memory(MOST_ENTRIES, self._tally)
        self._flights = Flights()
        self._shared = (
            Shared(url, prefix=prefix, timeout=timeout, tally=self._tally) if url else None
        )

    def answer(self, namespace: str, key: str, build: Callable[[], T], seconds: float) -> T:
        """The promise of cached()."""
        now = self._clock()
        stamp, payload = self._look(namespace, key, now, seconds)
        if payload is None:
            name = f"{namespace}:{key}"
            payload = self._flights.share(
                (name, stamp),
                partial(self._fill, name, stamp, build, seconds),
                now=now,
                since=0.0 if stamp.version else now - ALONE_SECONDS,
            )
        return cast(T, _unpack(payload))

    def drop(self, namespaces: Collection[str]) -> None:
        """The promise of drop(), at once."""
        try:
            if self._shared:
                self._shared.drop(namespaces)
        finally:
            # Last, so that nobody can take from Redis what is about to go and keep it as new.
            self._memory.outdate(namespaces)

    def forget(self, namespaces: Collection[str]) -> None:
        """The promise of forget()."""
        self._memory.outdate(namespaces)

    def clear(self, namespaces: Collection[str], glob: str) -> int:
        """The promise of clear()."""
        self.drop(namespaces)
        gone = self._memory.sweep(namespaces, glob)
        if self._shared:
            gone |= self._shared.sweep(namespaces, glob)
        return len(gone)

    def figures(self, namespaces: Collection[str]) -> dict[str, Any]:
        """The promise of figures()."""
        shared = self._shared
        return {
            "namespaces": self._tally.of(namespaces),
            "entries": len(self._memory),
            "breaker": shared.breaker.state if shared else "closed",
            "owed": shared.owed if shared else 0,
            "redis": {
                "configured": shared is not None,
                "reachable": shared is not None and shared.reachable(),
            },
        }

    def _look(
        self, namespace: str, key: str, now: float, seconds: float
    ) -> tuple[Stamp, bytes | None]:
        name = f"{namespace}:{key}"
        # First, so that a drop that happens from here on finds its mark in what we may keep.
        epoch = self._memory.epoch(namespace)
        held = self._memory.find(name, epoch, now)
        version, found = self._ask(namespace, None if held else key)
        if held and held.holds(version, now):
            self._tally.add(namespace, "hits_memory")
            return Stamp(epoch, version), held.payload
        if held and version:
            # Dropped by another process, which may have left its own answer since.
            version, found = self._ask(namespace, key)
        stamp = Stamp(epoch, version)
        if found is None:
            self._tally.add(namespace, "misses")
            return stamp, None
        self._tally.add(namespace, "hits_redis")
        expires = min(found.expires, now + seconds)
        self._memory.keep(name, Entry(stamp, now, expires, found.payload))
        return stamp, found.payload

    def _ask(self, namespace: str, key: str | None) -> tuple[str | None, Found | None]:
        return self._shared.look(namespace, key) if self._shared else (None, None)

    def _fill(self, name: str, stamp: Stamp, build: Callable[[], object], seconds: float) -> bytes:
        begun = self._clock()
        held = self._memory.find(name, stamp.epoch, begun)
        if held and held.holds(stamp.version, begun):
            # Another build landed between our look and our turn.
            return held.payload
        self._tally.add(name.partition(":")[0], "builds")
        payload = _pack(build())
        # Entries made together must not all expire together.
        entry = Entry(stamp, begun, begun + seconds * random.uniform(0.9, 1.0), payload)
        self._memory.keep(name, entry)
        if self._shared and stamp.version:
            self._shared.keep(name, entry, self._clock())
        return payload


_caches: dict[tuple[str, str], Cache] = {}
# A child shares neither the sockets nor the locks and threads of its parent.
os.register_at_fork(after_in_child=_caches.clear)


def _cache() -> Cache:
    url, prefix = settings.REDIS_URL, getattr(settings, "CACHE_PREFIX", "tt")
    # setdefault is atomic: of two threads that come first, both get the same one.
    return _caches.get((url, prefix)) or _caches.setdefault(
        (url, prefix), Cache(url, prefix=prefix, timeout=settings.REDIS_SECONDS)
    )


def _lifetimes() -> dict[str, float]:
    lifetimes: dict[str, float] = settings.CACHE_SECONDS
    return lifetimes


def _meant(pattern: str) -> tuple[list[str], str]:
    head, _, glob = pattern.partition(":")
    namespaces = [namespace for namespace in _lifetimes() if fnmatchcase(namespace, head)]
    if not namespaces:
        known = ", ".join(_lifetimes())
        raise ValueError(f"{pattern!r} names no namespace; there are {known}.")
    return namespaces, glob or "*"


def _pack(answer: object) -> bytes:
    return b"b" + answer if isinstance(answer, bytes) else b"j" + orjson.dumps(answer)


def _unpack(payload: bytes) -> object:
    return payload[1:] if payload[:1] == b"b" else orjson.loads(memoryview(payload)[1:])


def _plain(value: object) -> str:
    if isinstance(value, date | Decimal | UUID):
        return str(value)
    raise TypeError(f"A key cannot hold {value!r}.")
