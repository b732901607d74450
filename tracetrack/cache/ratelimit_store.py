"""Where django-ratelimit counts: Redis, one trip a count; without Redis, this process's memory."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any, TypeVar

import redis
from django.conf import settings
from django.core.cache.backends.base import BaseCache
from django.core.cache.backends.locmem import LocMemCache
from redis.backoff import NoBackoff
from redis.retry import Retry

from tracetrack.cache.breaker import Breaker

T = TypeVar("T")


class Counters(BaseCache):
    """As much of a cache as counting takes. Nothing here raises because of Redis.

    While Redis fails, each process counts on for itself from where it saw the count last, and a
    breaker sees to it that nobody waits for a Redis that hangs.
    """

    def __init__(self, location: str, params: dict[str, Any]) -> None:
        super().__init__(params)
        self._here = LocMemCache("limits", params)
        self._there = _shared(location, settings.REDIS_SECONDS) if location else None
        self._seconds = 0

    def add(self, key: str, value: Any, timeout: Any = None, version: Any = None) -> bool:
        """Nothing yet: a counter comes into being with its first incr(), in the same trip."""
        self._seconds = int(timeout)
        return False

    def incr(self, key: str, delta: int = 1, version: Any = None) -> int:
        """Count, and say how far it is."""
        name = self.make_and_validate_key(key, version)
        if self._there:
            count = self._there.count(name, delta, self._seconds)
            if count is not None:
                self._here.set(key, count, self._seconds, version)
                return count
        if self._here.add(key, delta, self._seconds, version):
            return delta
        return int(self._here.incr(key, delta, version))

    def get(self, key: str, default: Any = None, version: Any = None) -> Any:
        """How far it is."""
        name = self.make_and_validate_key(key, version)
        count = self._there.read(name) if self._there else None
        return self._here.get(key, default, version) if count is None else count

    def clear(self) -> None:
        """Forget every count; for tests."""
        self._here.clear()
        if self._there:
            self._there.forget(self.make_key("*"))


class Shared:
    """Counters in Redis; None where Redis does not answer."""

    def __init__(self, url: str, timeout: float) -> None:
        self._client = redis.Redis.from_url(
            url,
            protocol=2,
            socket_timeout=timeout,
            socket_connect_timeout=timeout,
            retry=Retry(NoBackoff(), 0),
        )
        self._breaker = Breaker(failures=3, rest=5.0)

    def count(self, name: str, delta: int, seconds: int) -> int | None:
        """The counter after `delta`; whoever brings it into being says when it ends."""
        count = self._ask(lambda: self._client.incrby(name, delta))
        if count == delta:
            self._ask(lambda: self._client.expire(name, seconds))
        return count

    def read(self, name: str) -> int | None:
        """The counter; 0 where there is none."""
        return self._ask(lambda: int(self._client.get(name) or 0))

    def forget(self, names: str) -> None:
        """Remove the counters whose names fit."""
        for name in self._client.scan_iter(match=names):
            self._client.unlink(name)

    def _ask(self, call: Callable[[], Any]) -> int | None:
        if not self._breaker.admits():
            return None
        try:
            answer = call()
        except redis.RedisError:
            self._breaker.failed()
            return None
        self._breaker.succeeded()
        return int(answer)


@lru_cache(maxsize=8)
def _shared(url: str, timeout: float) -> Shared:
    # Django makes a cache for each thread; connections and breaker are the process's.
    return Shared(url, timeout)
