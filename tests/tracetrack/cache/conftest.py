"""A Redis server with two caches that use it like two processes, and a cache without Redis."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.cache_helpers import RedisServer, process, running_server
from tracetrack import cache
from tracetrack.cache import Cache


@pytest.fixture(scope="module")
def running() -> Iterator[RedisServer]:
    with running_server() as server:
        yield server


@pytest.fixture
def server(running: RedisServer) -> Iterator[RedisServer]:
    yield running
    running.reset()


@pytest.fixture
def here(server: RedisServer) -> Cache:
    return process(server)


@pytest.fixture
def there(server: RedisServer) -> Cache:
    return process(server)


@pytest.fixture
def cache_without_redis(settings: Any) -> Iterator[None]:
    settings.REDIS_URL = ""
    settings.CACHE_SECONDS = {"dashboard": 30.0, "bags": 60.0, "recent": 10.0}
    cache.purge("*")
    yield
    cache.purge("*")
