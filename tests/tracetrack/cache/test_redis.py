"""The cache with a real Redis: what one process drops, all have dropped."""

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from time import monotonic, sleep

import pytest

from tests.cache_helpers import (
    Other,
    RedisServer,
    SlowReader,
    ask,
    count,
    process,
    running_server,
    wait_until,
)
from tracetrack.cache import Cache

FORKING = """
import json, os, sys
from django.conf import settings
settings.configure(
    REDIS_URL=sys.argv[1], REDIS_SECONDS=0.1, CACHE_SECONDS={"bags": 60.0}, CACHE_PREFIX="test"
)
from tracetrack import cache
def say():
    print(cache.cached("bags", "k", lambda: os.getpid()), cache.stats()["redis"], flush=True)
say()
with cache._cache()._memory._lock:
    child = os.fork()
    if not child:
        say()
        os._exit(0)
    os.waitpid(child, 0)
say()
"""


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


class TestShared:
    def test_one_process_builds_for_all(self, here: Cache, there: Cache) -> None:
        assert [ask(here, "kept"), ask(there, "anew"), ask(there, "anew")] == ["kept"] * 3
        assert count(there, "builds") == 0
        assert (count(there, "hits_redis"), count(there, "hits_memory")) == (1, 1)

    def test_32_threads_build_once(self, here: Cache) -> None:
        def build() -> str:
            wait_until(lambda: count(here, "misses") == 32)
            return "one"

        with ThreadPoolExecutor(32) as pool:
            asked = [pool.submit(here.get_or_build, "bags", "k", build, 60) for _ in range(32)]

        assert {future.result() for future in asked} == {"one"}
        assert count(here, "builds") == 1

    def test_a_drop_is_effective_everywhere_at_the_next_read(
        self, here: Cache, there: Cache, server: RedisServer
    ) -> None:
        with Other(server) as other:
            assert [ask(here, "old"), ask(there, ""), other.ask("")] == ["old"] * 3

            other.drop("bags")

            assert [ask(here, "new"), ask(there, ""), other.ask("")] == ["new"] * 3

            here.invalidate(["bags"])

            assert [other.ask("newer"), ask(there, ""), ask(here, "")] == ["newer"] * 3

    @pytest.mark.parametrize("how", ["here", "there", "flushed"])
    def test_a_slow_reader_is_too_late(
        self, how: str, here: Cache, there: Cache, server: RedisServer
    ) -> None:
        slow = SlowReader(here)
        if how == "flushed":
            server.client.flushall()
        else:
            {"here": here, "there": there}[how].invalidate(["bags"])
        assert ask(there, "new") == "new"
        slow.land()

        # Its answer has taken the place of the new one in Redis, but counts for nobody.
        assert [ask(here, "newer"), ask(there, "")] == ["newer", "new"]

    def test_who_asks_after_a_drop_does_not_join(self, here: Cache, there: Cache) -> None:
        slow = SlowReader(here)
        there.invalidate(["bags"])

        assert ask(here, "new") == "new"
        slow.land()

    def test_a_flush_brings_nothing_back(
        self, here: Cache, there: Cache, server: RedisServer
    ) -> None:
        assert [ask(here, "old"), ask(there, "old")] == ["old"] * 2

        server.client.flushall()

        assert [ask(here, "new"), ask(there, "newer")] == ["new"] * 2

    def test_an_entry_expires_a_little_before_its_time(
        self, here: Cache, server: RedisServer
    ) -> None:
        for n in range(50):
            ask(here, "kept", str(n))
        left = {server.client.pttl(f"test:1:value:bags:{n}") // 1000 for n in range(50)}

        assert min(left) >= 53
        assert max(left) < 60
        assert len(left) > 3

    def test_memory_keeps_nothing_longer_than_redis(self, here: Cache, there: Cache) -> None:
        here.get_or_build("bags", "k", lambda: "old", 0.1)
        assert there.get_or_build("bags", "k", lambda: "", 60) == "old"
        sleep(0.11)
        assert there.get_or_build("bags", "k", lambda: "new", 60) == "new"

    def test_what_is_kept_is_plain_text(self, here: Cache, server: RedisServer) -> None:
        here.get_or_build("bags", "k", lambda: {"n": 1}, 60)

        assert set(server.client.keys()) == {b"test:1:version:bags", b"test:1:value:bags:k"}
        assert str(server.client.get("test:1:value:bags:k")).endswith('|j{"n":1}\'')

    def test_rubbish_in_redis_is_a_miss(self, here: Cache, server: RedisServer) -> None:
        ask(here, "old")
        server.client.set("test:1:version:bags", b"\xff|rubbish")
        server.client.set("test:1:value:bags:k", b"\xff|rubbish")

        assert ask(here, "new") == "new"

    def test_a_child_shares_no_socket_and_no_lock(self, server: RedisServer) -> None:
        command = [sys.executable, "-c", FORKING, server.url]
        said = subprocess.run(command, capture_output=True, text=True, timeout=10, check=True)

        parent, child, again = said.stdout.splitlines()
        assert parent == child == again
        assert "{'configured': True, 'reachable': True}" in parent


class TestClear:
    def test_counts_what_went_in_redis_and_in_memory(
        self, here: Cache, there: Cache, server: RedisServer
    ) -> None:
        for n in range(1200):
            ask(there, "old", f"list:{n}")
        for key in ("list:1", "one"):
            ask(here, "old", key)
        server.client.delete("test:1:value:bags:list:1")
        server.client.set("other:1:value:bags:list:1", "not ours")

        assert here.purge(["bags"], "list:*") == 1200
        assert here.purge(["bags"], "*") == 1
        assert server.client.exists("other:1:value:bags:list:1")

    def test_other_processes_forget_too(self, here: Cache, there: Cache) -> None:
        ask(there, "old")

        here.purge(["bags"], "*")

        assert ask(there, "new") == "new"


def test_who_asks_after_a_drop_never_gets_what_was_before(here: Cache, there: Cache) -> None:
    truth, dropped, over = [0], [0], monotonic() + 1.0

    def write() -> None:
        while monotonic() < over:
            truth[0] += 1
            here.invalidate(["bags"])
            dropped[0] = truth[0]
            sleep(0.002)

    def read(cache: Cache) -> int:
        asked = 0
        while monotonic() < over:
            least = dropped[0]
            assert cache.get_or_build("bags", "k", lambda: truth[0], 60) >= least
            asked += 1
        return asked

    with ThreadPoolExecutor(5) as pool:
        reading = [pool.submit(read, cache) for cache in (here, here, there, there)]
        pool.submit(write).result()
        assert all(future.result() for future in reading)
