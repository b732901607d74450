"""The cache while Redis is down, hangs, is full or read-only, or has restored a snapshot."""

from concurrent.futures import ThreadPoolExecutor
from random import Random
from time import monotonic, sleep

import pytest

from tests.cache_helpers import (
    OtherProcess,
    RedisServer,
    SlowReader,
    count,
    get,
    pending,
    process,
    wait_until,
)
from tracetrack.cache import Cache
from tracetrack.cache.breaker import CircuitBreaker


def shorten_breaker(cache: Cache) -> None:
    assert cache._redis is not None
    cache._redis.breaker = CircuitBreaker(failures=3, rest=0.02)


def is_open(cache: Cache) -> bool:
    return bool(cache.stats([])["breaker"] == "open")


class TestHangingRedis:
    def test_costs_one_timeout_and_then_nothing(self, server: RedisServer) -> None:
        here = process(server, timeout=0.1)
        server.hang()
        took = []
        for n in range(10):
            start = monotonic()
            assert get(here, "right", str(n)) == "right"
            took.append(monotonic() - start)

        # Medians, because the machine may be busy.
        assert sorted(took[:3])[1] < 0.3
        assert sorted(took[3:])[3] < 0.005
        assert is_open(here)
        assert count(here, "errors") == 3

    def test_an_invalidation_is_delivered_afterwards(self, server: RedisServer) -> None:
        here = process(server, timeout=0.3)
        with OtherProcess(server) as other:
            assert [get(here, "old"), other.get("")] == ["old"] * 2
            server.hang()
            here.invalidate(["bags"])
            assert get(here, "new") == "new"
            # The command may still be in the socket buffer; it is repeated anyway.
            server.resume()
            assert get(here, "new") == "new"
            wait_until(lambda: pending(here) == 0)

            assert [other.get("newer"), get(here, "")] == ["newer"] * 2

    def test_further_invalidations_cost_nothing(self, server: RedisServer) -> None:
        here = process(server, timeout=0.1)
        server.hang()
        here.invalidate(["bags"])
        start = monotonic()
        for _ in range(100):
            here.invalidate(["bags", "recent"])

        assert monotonic() - start < 1
        assert pending(here) == 2


class TestStoppedRedis:
    def test_the_cache_works_without_redis_and_uses_it_again(
        self, here: Cache, server: RedisServer
    ) -> None:
        shorten_breaker(here)
        get(here, "before")
        server.kill()
        assert [get(here, "right", str(n)) for n in range(5)] == ["right"] * 5
        assert is_open(here)
        assert not here.stats([])["redis"]["reachable"]

        server.start()
        wait_until(lambda: here.stats([])["redis"]["reachable"])

        get(here, "kept", "after")
        assert get(process(server), "", "after") == "kept"

    def test_a_restart_between_two_calls_causes_no_error(
        self, here: Cache, server: RedisServer
    ) -> None:
        get(here, "kept")
        server.kill()
        server.start()

        assert get(here, "right") == "right"
        assert count(here, "errors") == 0

    def test_an_invalidation_is_delivered_after_a_restart(
        self, here: Cache, there: Cache, server: RedisServer
    ) -> None:
        get(here, "old")
        server.client.save()
        server.kill()
        here.invalidate(["bags"])
        server.start()
        wait_until(lambda: pending(here) == 0)

        assert [get(there, "new"), get(here, "")] == ["new"] * 2

    def test_a_restored_snapshot_has_no_valid_values(
        self, here: Cache, there: Cache, server: RedisServer
    ) -> None:
        assert [get(here, "old"), get(there, "")] == ["old"] * 2
        server.client.save()
        here.invalidate(["bags"])
        server.kill()
        server.start()
        assert server.client.exists("test:1:value:bags:k")

        assert [get(there, "new"), get(here, "")] == ["new"] * 2

    def test_own_invalidations_are_immediate_without_redis(
        self, here: Cache, server: RedisServer
    ) -> None:
        server.kill()
        assert [get(here, "old"), get(here, "new")] == ["old"] * 2

        here.invalidate(["bags"])

        assert get(here, "new") == "new"

    def test_older_entries_are_valid_for_a_second(self, server: RedisServer) -> None:
        now = [1e6]
        here = Cache(server.url, prefix="test", timeout=0.1, clock=lambda: now[0])
        get(here, "old")
        server.kill()
        now[0] += 1.0
        assert get(here, "new") == "old"
        now[0] += 0.01
        assert get(here, "new") == "new"

    def test_values_built_without_redis_are_not_used_afterwards(
        self, here: Cache, there: Cache, server: RedisServer
    ) -> None:
        shorten_breaker(here)
        server.kill()
        slow = SlowReader(here)
        server.start()
        there.invalidate(["bags"])
        slow.finish()
        wait_until(lambda: here.stats([])["redis"]["reachable"])

        assert get(here, "new") == "new"

    def test_a_server_that_does_not_exist(self) -> None:
        here = Cache("unix:///nowhere/redis.sock", prefix="test", timeout=0.1)

        assert [get(here, "kept"), get(here, "")] == ["kept"] * 2
        here.invalidate(["bags"])
        assert here.purge(["bags"], "*") == 1

    @pytest.mark.parametrize("url", ["foo", "redis://h:port", "redis://h?foo=1"])
    def test_a_url_that_the_client_rejects(self, url: str) -> None:
        here = Cache(url, prefix="test", timeout=0.1)

        assert get(here, "right") == "right"
        assert count(here, "errors") == 1
        here.invalidate(["bags"])
        assert get(here, "new") == "new"
        assert not here.stats([])["redis"]["reachable"]


class TestRaces:
    def test_a_value_read_during_an_invalidation_is_not_valid_afterwards(
        self, here: Cache, there: Cache, server: RedisServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        get(there, "old")
        shared = here._redis
        assert shared is not None
        deliver = shared.invalidate

        def late(namespaces: list[str]) -> None:
            assert get(here, "") == "old"
            server.kill()
            deliver(namespaces)

        monkeypatch.setattr(shared, "invalidate", late)
        here.invalidate(["bags"])

        assert get(here, "new") == "new"

    def test_an_invalidation_during_a_delivery_is_delivered(
        self, here: Cache, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        sent = []

        def send(namespaces: dict[str, object]) -> bool:
            sent.append(list(namespaces))
            if len(sent) == 2:
                here.invalidate(["bags"])
            return len(sent) > 1

        monkeypatch.setattr(here._redis, "_delete_tokens", send)
        here.invalidate(["bags"])
        wait_until(lambda: pending(here) == 0)

        assert sent == [["bags"]] * 3


class TestRedisThatRejectsWrites:
    def test_full(self, here: Cache, there: Cache, server: RedisServer) -> None:
        assert [get(here, "old"), get(there, "")] == ["old"] * 2
        server.client.config_set("maxmemory", 1)

        here.invalidate(["bags"])

        assert pending(here) == 0
        assert [get(here, "new"), get(there, "newer")] == ["new", "newer"]
        server.client.config_set("maxmemory", 0)
        assert [get(here, "newest"), get(there, "")] == ["newest"] * 2

    def test_read_only(self, here: Cache, there: Cache, server: RedisServer) -> None:
        assert [get(here, "old"), get(there, "")] == ["old"] * 2
        server.client.replicaof("127.0.0.1", "1")

        here.invalidate(["bags"])

        assert [get(here, "new"), get(here, "newer")] == ["new"] * 2
        server.client.replicaof("NO", "ONE")
        wait_until(lambda: pending(here) == 0)
        assert [get(there, "newest"), get(here, "")] == ["newest"] * 2


def test_a_read_after_an_invalidation_never_gets_an_older_value(
    here: Cache, server: RedisServer
) -> None:
    """While Redis hangs and resumes at random."""
    shorten_breaker(here)
    current, invalidated, end = [0], [0], monotonic() + 1.5

    def write() -> None:
        random = Random(1)
        while monotonic() < end:
            current[0] += 1
            here.invalidate(["bags"])
            invalidated[0] = current[0]
            random.choice([server.hang, server.resume, server.resume, lambda: None])()
            sleep(random.random() / 100)
        server.resume()

    def read() -> int:
        reads = 0
        while monotonic() < end:
            least = invalidated[0]
            assert here.get_or_build("bags", "k", lambda: current[0], 60) >= least
            reads += 1
        return reads

    with ThreadPoolExecutor(5) as pool:
        reading = [pool.submit(read) for _ in range(4)]
        pool.submit(write).result()
        assert all(future.result() for future in reading)
    wait_until(lambda: pending(here) == 0)
