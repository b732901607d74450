"""The cache with a Redis server that several processes share."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from time import monotonic, sleep

import pytest

from tests.cache_helpers import (
    OtherProcess,
    RedisServer,
    SlowReader,
    count,
    get,
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
def report():
    print(cache.cached("bags", "k", lambda: os.getpid()), cache.stats()["redis"], flush=True)
report()
with cache._cache()._memory._lock:
    child = os.fork()
    if not child:
        report()
        os._exit(0)
    os.waitpid(child, 0)
report()
"""


class TestSharedCache:
    def test_one_process_builds_for_all_processes(self, here: Cache, there: Cache) -> None:
        assert [get(here, "kept"), get(there, "anew"), get(there, "anew")] == ["kept"] * 3
        assert count(there, "builds") == 0
        assert (count(there, "hits_redis"), count(there, "hits_memory")) == (1, 1)

    def test_32_threads_build_once(self, here: Cache) -> None:
        def build() -> str:
            wait_until(lambda: count(here, "misses") == 32)
            return "one"

        with ThreadPoolExecutor(32) as pool:
            futures = [pool.submit(here.get_or_build, "bags", "k", build, 60) for _ in range(32)]

        assert {future.result() for future in futures} == {"one"}
        assert count(here, "builds") == 1

    def test_an_invalidation_is_effective_in_all_processes(
        self, here: Cache, there: Cache, server: RedisServer
    ) -> None:
        with OtherProcess(server) as other:
            assert [get(here, "old"), get(there, ""), other.get("")] == ["old"] * 3

            other.invalidate("bags")

            assert [get(here, "new"), get(there, ""), other.get("")] == ["new"] * 3

            here.invalidate(["bags"])

            assert [other.get("newer"), get(there, ""), get(here, "")] == ["newer"] * 3

    @pytest.mark.parametrize("how", ["here", "there", "flushed"])
    def test_a_value_built_before_an_invalidation_is_not_used(
        self, how: str, here: Cache, there: Cache, server: RedisServer
    ) -> None:
        slow = SlowReader(here)
        if how == "flushed":
            server.client.flushall()
        else:
            {"here": here, "there": there}[how].invalidate(["bags"])
        assert get(there, "new") == "new"
        slow.finish()

        # The old value has replaced the new one in Redis, but its token is not valid.
        assert [get(here, "newer"), get(there, "")] == ["newer", "new"]

    def test_a_read_after_an_invalidation_does_not_join_an_older_build(
        self, here: Cache, there: Cache
    ) -> None:
        slow = SlowReader(here)
        there.invalidate(["bags"])

        assert get(here, "new") == "new"
        slow.finish()

    def test_a_flush_invalidates_everything(
        self, here: Cache, there: Cache, server: RedisServer
    ) -> None:
        assert [get(here, "old"), get(there, "old")] == ["old"] * 2

        server.client.flushall()

        assert [get(here, "new"), get(there, "newer")] == ["new"] * 2

    def test_lifetimes_are_randomly_shortened(self, here: Cache, server: RedisServer) -> None:
        for n in range(50):
            get(here, "kept", str(n))
        left = {server.client.pttl(f"test:1:value:bags:{n}") // 1000 for n in range(50)}

        assert min(left) >= 53
        assert max(left) < 60
        assert len(left) > 3

    def test_memory_entries_expire_with_those_in_redis(self, here: Cache, there: Cache) -> None:
        here.get_or_build("bags", "k", lambda: "old", 0.1)
        assert there.get_or_build("bags", "k", lambda: "", 60) == "old"
        sleep(0.11)
        assert there.get_or_build("bags", "k", lambda: "new", 60) == "new"

    def test_values_are_stored_as_text(self, here: Cache, server: RedisServer) -> None:
        here.get_or_build("bags", "k", lambda: {"n": 1}, 60)

        assert set(server.client.keys()) == {b"test:1:version:bags", b"test:1:value:bags:k"}
        assert str(server.client.get("test:1:value:bags:k")).endswith('|j{"n":1}\'')

    def test_invalid_data_in_redis_is_a_miss(self, here: Cache, server: RedisServer) -> None:
        get(here, "old")
        server.client.set("test:1:version:bags", b"\xff|rubbish")
        server.client.set("test:1:value:bags:k", b"\xff|rubbish")

        assert get(here, "new") == "new"

    def test_a_forked_child_shares_no_socket_and_no_lock(self, server: RedisServer) -> None:
        command = [sys.executable, "-c", FORKING, server.url]
        result = subprocess.run(command, capture_output=True, text=True, timeout=10, check=True)

        parent, child, again = result.stdout.splitlines()
        assert parent == child == again
        assert "{'configured': True, 'reachable': True}" in parent


class TestPurge:
    def test_counts_entries_in_redis_and_memory(
        self, here: Cache, there: Cache, server: RedisServer
    ) -> None:
        for n in range(1200):
            get(there, "old", f"list:{n}")
        for key in ("list:1", "one"):
            get(here, "old", key)
        server.client.delete("test:1:value:bags:list:1")
        server.client.set("other:1:value:bags:list:1", "of another site")

        assert here.purge(["bags"], "list:*") == 1200
        assert here.purge(["bags"], "*") == 1
        assert server.client.exists("other:1:value:bags:list:1")

    def test_is_effective_in_other_processes(self, here: Cache, there: Cache) -> None:
        get(there, "old")

        here.purge(["bags"], "*")

        assert get(there, "new") == "new"


def test_a_read_after_an_invalidation_never_gets_an_older_value(here: Cache, there: Cache) -> None:
    current, invalidated, end = [0], [0], monotonic() + 1.0

    def write() -> None:
        while monotonic() < end:
            current[0] += 1
            here.invalidate(["bags"])
            invalidated[0] = current[0]
            sleep(0.002)

    def read(cache: Cache) -> int:
        reads = 0
        while monotonic() < end:
            least = invalidated[0]
            assert cache.get_or_build("bags", "k", lambda: current[0], 60) >= least
            reads += 1
        return reads

    with ThreadPoolExecutor(5) as pool:
        reading = [pool.submit(read, cache) for cache in (here, here, there, there)]
        pool.submit(write).result()
        assert all(future.result() for future in reading)
