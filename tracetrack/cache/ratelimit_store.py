"""The cache backend in which django-ratelimit counts: Redis, or else the memory of the process."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any, TypeVar

import redis
from django.conf import settings
from django.core.cache.backends.base import BaseCache
from django.core.cache.backends.locmem import LocMemCache
from redis.backoff import NoBackoff
from redis.retry import Retry

from tracetrack.cache.breaker import CircuitBreaker

T = TypeVar("T")


class RateLimitStore(BaseCache):
    """The cache methods that counting needs, with one round trip per count. Redis never raises.

    While Redis fails, each process continues from the last count it saw, and a circuit breaker
    avoids waiting for a Redis that does not answer.
    """

    def __init__(self, location: str, params: dict[str, Any]) -> None:
        super().__init__(params)
        self._local = LocMemCache("limits", params)
        self._redis = _redis_counters(location, settings.REDIS_SECONDS) if location else None
        self._seconds = 0

    def add(self, key: str, value: Any, timeout: Any = None, version: Any = None) -> bool:
        """Keep only the timeout for the incr() that follows, which creates the counter."""
        self._seconds = int(timeout)
        return False

    def incr(self, key: str, delta: int = 1, version: Any = None) -> int:
        """Add `delta` to a counter and return its value."""
        name = self.make_and_validate_key(key, version)
        if self._redis:
            count = self._redis.incr(name, delta, self._seconds)
            if count is not None:
                self._local.set(key, count, self._seconds, version)
                return count
        if self._local.add(key, delta, self._seconds, version):
            return delta
        return int(self._local.incr(key, delta, version))

    def get(self, key: str, default: Any = None, version: Any = None) -> Any:
        """Return the value of a counter."""
        name = self.make_and_validate_key(key, version)
        count = self._redis.get(name) if self._redis else None
        return self._local.get(key, default, version) if count is None else count

    def clear(self) -> None:
        """Delete all counters; for tests."""
        self._local.clear()
        if self._redis:
            self._redis.delete_matching(self.make_key("*"))


class RedisCounters:
    """Counters in Redis. Methods return None if Redis does not answer."""

    def __init__(self, url: str, timeout: float) -> None:
        self._client = redis.Redis.from_url(
            url,
            protocol=2,
            socket_timeout=timeout,
            socket_connect_timeout=timeout,
            retry=Retry(NoBackoff(), 0),
        )
        self._breaker = CircuitBreaker(failures=3, rest=5.0)

    def incr(self, name: str, delta: int, seconds: int) -> int | None:
        """Add `delta` and return the value. A new counter expires after `seconds`."""
        count = self._call(lambda: self._client.incrby(name, delta))
        if count == delta:
            self._call(lambda: self._client.expire(name, seconds))
        return count

    def get(self, name: str) -> int | None:
        """Return the value; 0 if there is no such counter."""
        return self._call(lambda: int(self._client.get(name) or 0))

    def delete_matching(self, pattern: str) -> None:
        """Delete the counters whose names match a glob."""
        for name in self._client.scan_iter(match=pattern):
            self._client.unlink(name)

    def _call(self, call: Callable[[], Any]) -> int | None:
        if not self._breaker.allows_call():
            return None
        try:
            result = call()
        except redis.RedisError:
            self._breaker.record_failure()
            return None
        self._breaker.record_success()
        return int(result)


@lru_cache(maxsize=8)
def _redis_counters(url: str, timeout: float) -> RedisCounters:
    # Django creates one cache per thread; connections and breaker are shared by the process.
    return RedisCounters(url, timeout)
