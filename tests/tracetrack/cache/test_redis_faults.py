"""The cache while Redis is gone, hung, full, read-only or back from the past."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from random import Random
from time import monotonic, sleep

import pytest

from tests.cache_helpers import (
    Other,
    RedisServer,
    SlowReader,
    ask,
    count,
    owes,
    process,
    running_server,
    wait_until,
)
from tracetrack.cache import Cache
from tracetrack.cache.breaker import CircuitBreaker


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


def rest_shortly(cache: Cache) -> None:
    assert cache._redis is not None
    cache._redis.breaker = CircuitBreaker(failures=3, rest=0.02)


def is_open(cache: Cache) -> bool:
    return bool(cache.stats([])["breaker"] == "open")


class TestHung:
    def test_costs_little_and_then_nothing(self, server: RedisServer) -> None:
        here = process(server, timeout=0.1)
        server.hang()
        took = []
        for n in range(10):
            start = monotonic()
            assert ask(here, "right", str(n)) == "right"
            took.append(monotonic() - start)

        # Medians, because the machine may be busy too.
        assert sorted(took[:3])[1] < 0.3
        assert sorted(took[3:])[3] < 0.005
        assert is_open(here)
        assert count(here, "errors") == 3

    def test_a_drop_is_heard_by_others_afterwards(self, server: RedisServer) -> None:
        here = process(server, timeout=0.3)
        with Other(server) as other:
            assert [ask(here, "old"), other.ask("")] == ["old"] * 2
            server.hang()
            here.invalidate(["bags"])
            assert ask(here, "new") == "new"
            # It may still lie in the socket that Redis wakes up to; it is said again anyway.
            server.go_on()
            assert ask(here, "new") == "new"
            wait_until(lambda: owes(here) == 0)

            assert [other.ask("newer"), ask(here, "")] == ["newer"] * 2

    def test_many_drops_cost_nothing_more(self, server: RedisServer) -> None:
        here = process(server, timeout=0.1)
        server.hang()
        here.invalidate(["bags"])
        start = monotonic()
        for _ in range(100):
            here.invalidate(["bags", "recent"])

        assert monotonic() - start < 1
        assert owes(here) == 2


class TestGone:
    def test_everything_goes_on_and_comes_back(self, here: Cache, server: RedisServer) -> None:
        rest_shortly(here)
        ask(here, "before")
        server.kill()
        assert [ask(here, "right", str(n)) for n in range(5)] == ["right"] * 5
        assert is_open(here)
        assert not here.stats([])["redis"]["reachable"]

        server.start()
        wait_until(lambda: here.stats([])["redis"]["reachable"])

        ask(here, "kept", "after")
        assert ask(process(server), "", "after") == "kept"

    def test_a_restart_nobody_noticed_costs_no_error(
        self, here: Cache, server: RedisServer
    ) -> None:
        ask(here, "kept")
        server.kill()
        server.start()

        assert ask(here, "right") == "right"
        assert count(here, "errors") == 0

    def test_a_drop_survives_the_death_of_redis(
        self, here: Cache, there: Cache, server: RedisServer
    ) -> None:
        ask(here, "old")
        server.client.save()
        server.kill()
        here.invalidate(["bags"])
        server.start()
        wait_until(lambda: owes(here) == 0)

        assert [ask(there, "new"), ask(here, "")] == ["new"] * 2

    def test_a_snapshot_brings_no_dropped_answer_back(
        self, here: Cache, there: Cache, server: RedisServer
    ) -> None:
        assert [ask(here, "old"), ask(there, "")] == ["old"] * 2
        server.client.save()
        here.invalidate(["bags"])
        server.kill()
        server.start()
        assert server.client.exists("test:1:value:bags:k")

        assert [ask(there, "new"), ask(here, "")] == ["new"] * 2

    def test_without_redis_own_drops_are_immediate(self, here: Cache, server: RedisServer) -> None:
        server.kill()
        assert [ask(here, "old"), ask(here, "new")] == ["old"] * 2

        here.invalidate(["bags"])

        assert ask(here, "new") == "new"

    def test_what_was_kept_before_lives_a_second_at_most(self, server: RedisServer) -> None:
        now = [1e6]
        here = Cache(server.url, prefix="test", timeout=0.1, clock=lambda: now[0])
        ask(here, "old")
        server.kill()
        now[0] += 1.0
        assert ask(here, "new") == "old"
        now[0] += 0.01
        assert ask(here, "new") == "new"

    def test_what_was_built_meanwhile_does_not_count_afterwards(
        self, here: Cache, there: Cache, server: RedisServer
    ) -> None:
        rest_shortly(here)
        server.kill()
        slow = SlowReader(here)
        server.start()
        there.invalidate(["bags"])
        slow.land()
        wait_until(lambda: here.stats([])["redis"]["reachable"])

        assert ask(here, "new") == "new"

    def test_one_that_was_never_there(self) -> None:
        here = Cache("unix:///nowhere/redis.sock", prefix="test", timeout=0.1)

        assert [ask(here, "kept"), ask(here, "")] == ["kept"] * 2
        here.invalidate(["bags"])
        assert here.purge(["bags"], "*") == 1

    @pytest.mark.parametrize("url", ["foo", "redis://h:port", "redis://h?foo=1"])
    def test_one_whose_client_cannot_even_be_made(self, url: str) -> None:
        here = Cache(url, prefix="test", timeout=0.1)

        assert ask(here, "right") == "right"
        assert count(here, "errors") == 1
        here.invalidate(["bags"])
        assert ask(here, "new") == "new"
        assert not here.stats([])["redis"]["reachable"]


class TestOnItsWay:
    def test_nobody_keeps_as_new_what_a_drop_is_about_to_end(
        self, here: Cache, there: Cache, server: RedisServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        ask(there, "old")
        shared = here._redis
        assert shared is not None
        deliver = shared.invalidate

        def late(namespaces: list[str]) -> None:
            assert ask(here, "") == "old"
            server.kill()
            deliver(namespaces)

        monkeypatch.setattr(shared, "invalidate", late)
        here.invalidate(["bags"])

        assert ask(here, "new") == "new"

    def test_a_drop_during_a_delivery_is_delivered_too(
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
        wait_until(lambda: owes(here) == 0)

        assert sent == [["bags"]] * 3


class TestRefusing:
    def test_full(self, here: Cache, there: Cache, server: RedisServer) -> None:
        assert [ask(here, "old"), ask(there, "")] == ["old"] * 2
        server.client.config_set("maxmemory", 1)

        here.invalidate(["bags"])

        assert owes(here) == 0
        assert [ask(here, "new"), ask(there, "newer")] == ["new", "newer"]
        server.client.config_set("maxmemory", 0)
        assert [ask(here, "newest"), ask(there, "")] == ["newest"] * 2

    def test_read_only(self, here: Cache, there: Cache, server: RedisServer) -> None:
        assert [ask(here, "old"), ask(there, "")] == ["old"] * 2
        server.client.replicaof("127.0.0.1", "1")

        here.invalidate(["bags"])

        assert [ask(here, "new"), ask(here, "newer")] == ["new"] * 2
        server.client.replicaof("NO", "ONE")
        wait_until(lambda: owes(here) == 0)
        assert [ask(there, "newest"), ask(here, "")] == ["newest"] * 2


def test_who_asks_after_a_drop_never_gets_what_was_before(here: Cache, server: RedisServer) -> None:
    """However often Redis stops and goes on."""
    rest_shortly(here)
    truth, dropped, over = [0], [0], monotonic() + 1.5

    def write() -> None:
        random = Random(1)
        while monotonic() < over:
            truth[0] += 1
            here.invalidate(["bags"])
            dropped[0] = truth[0]
            random.choice([server.hang, server.go_on, server.go_on, lambda: None])()
            sleep(random.random() / 100)
        server.go_on()

    def read() -> int:
        asked = 0
        while monotonic() < over:
            least = dropped[0]
            assert here.get_or_build("bags", "k", lambda: truth[0], 60) >= least
            asked += 1
        return asked

    with ThreadPoolExecutor(5) as pool:
        reading = [pool.submit(read) for _ in range(4)]
        pool.submit(write).result()
        assert all(future.result() for future in reading)
    wait_until(lambda: owes(here) == 0)
