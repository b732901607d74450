"""The cache without Redis: keys, lifetimes, invalidation, concurrent threads."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from time import sleep
from typing import Any

import pytest

from tracetrack import cache
from tracetrack.cache import Cache, key

pytestmark = pytest.mark.usefixtures("cache_without_redis")
THREADS = 32


class Clock:
    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def alone(clock: Clock) -> Cache:
    return Cache("", prefix="test", timeout=0.1, clock=clock)


def count(cache: Cache, counter: str, namespace: str = "bags") -> int:
    number: int = cache.stats([namespace])["namespaces"][namespace][counter]
    return number


def wait_until(condition: Callable[[], bool]) -> None:
    for _ in range(5000):
        if condition():
            return
        sleep(0.001)
    raise AssertionError("The condition did not become true within five seconds.")


class TestKey:
    def test_begins_with_readable_parts(self) -> None:
        assert key("list", visibility="area:7", page=2).startswith("list:area:7:")

    def test_does_not_depend_on_the_order_of_parameters(self) -> None:
        assert key("list", visibility="all", a=1, b=2) == key("list", visibility="all", b=2, a=1)

    @pytest.mark.parametrize(
        "other",
        [
            key("list", visibility="area:8", page=1),
            key("list", visibility="area:7", page="1"),
            key("list", visibility="area:7", page=2),
            key("list", visibility="area:7"),
            key("list:area", visibility="7", page=1),
        ],
    )
    def test_differs_in_visibility_parts_and_parameters(self, other: str) -> None:
        assert key("list", visibility="area:7", page=1) != other

    def test_is_short_and_has_safe_characters(self) -> None:
        made = key("q", visibility="all", day=date(2026, 1, 2), text="\ud800*?[" * 999, page=10**30)
        long = key("* \n" * 999, visibility="all")

        assert len(made) < 120
        assert len(long) < 120
        assert set(long) <= set("_0123456789abcdef:")

    def test_needs_a_visibility(self) -> None:
        with pytest.raises(ValueError, match="needs a visibility"):
            key("list", visibility="")

    def test_rejects_unordered_values(self) -> None:
        with pytest.raises(TypeError, match="cannot hold"):
            key("list", visibility="all", areas={1, 2})


class TestCached:
    def test_builds_once(self, alone: Cache) -> None:
        answers = [alone.get_or_build("bags", "k", lambda: {"n": 1}, 60) for _ in range(3)]

        assert answers == [{"n": 1}] * 3
        assert [count(alone, f) for f in ("builds", "misses", "hits_memory")] == [1, 1, 2]

    def test_returns_json_values_on_the_first_call_too(self, alone: Cache) -> None:
        built = {"at": date(2026, 1, 2), "pair": (1, 2)}

        answers = [alone.get_or_build("bags", "k", lambda: built, 60) for _ in range(2)]

        assert answers == [{"at": "2026-01-02", "pair": [1, 2]}] * 2

    def test_returns_bytes_unchanged(self, alone: Cache) -> None:
        assert {alone.get_or_build("bags", "k", lambda: b"\x00j", 60) for _ in range(2)} == {
            b"\x00j"
        }

    def test_returns_a_copy(self, alone: Cache) -> None:
        alone.get_or_build("bags", "k", lambda: [1], 60).append(2)
        alone.get_or_build("bags", "k", lambda: [0], 60).append(3)

        assert alone.get_or_build("bags", "k", lambda: [0], 60) == [1]

    def test_entries_are_valid_for_a_second(self, alone: Cache, clock: Clock) -> None:
        def built_slowly() -> str:
            clock.now += 0.5
            return "old"

        alone.get_or_build("bags", "k", built_slowly, 60)
        clock.now += 0.5
        assert alone.get_or_build("bags", "k", lambda: "new", 60) == "old"
        clock.now += 0.01
        assert alone.get_or_build("bags", "k", lambda: "new", 60) == "new"

    def test_a_shorter_lifetime_is_respected(self, alone: Cache, clock: Clock) -> None:
        alone.get_or_build("bags", "k", lambda: "old", 0.5)
        clock.now += 0.44
        assert alone.get_or_build("bags", "k", lambda: "new", 0.5) == "old"
        clock.now += 0.07
        assert alone.get_or_build("bags", "k", lambda: "new", 0.5) == "new"

    def test_an_entry_from_the_future_is_invalid(self, alone: Cache, clock: Clock) -> None:
        alone.get_or_build("bags", "k", lambda: "old", 60)
        clock.now -= 3600

        assert alone.get_or_build("bags", "k", lambda: "new", 60) == "new"

    def test_errors_are_not_stored(self, alone: Cache) -> None:
        with pytest.raises(ZeroDivisionError):
            alone.get_or_build("bags", "k", lambda: 1 / 0, 60)

        assert alone.get_or_build("bags", "k", lambda: 1.0, 60) == 1.0

    def test_rejects_an_unknown_namespace(self) -> None:
        with pytest.raises(ValueError, match="bgas"):
            cache.cached("bgas", "k", list)

    def test_the_default_lifetime_is_that_of_the_namespace(self, settings: Any) -> None:
        settings.CACHE_SECONDS = {"bags": 0.0, "recent": 10.0}

        assert [cache.cached("bags", "k", lambda n=n: n) for n in (1, 2)] == [1, 2]
        assert [cache.cached("recent", "k", lambda n=n: n) for n in (1, 2)] == [1, 1]
        assert [cache.cached("recent", "l", lambda n=n: n, seconds=0) for n in (1, 2)] == [1, 2]


class TestConcurrentThreads:
    def test_one_thread_builds_for_all(self, alone: Cache) -> None:
        def build() -> str:
            wait_until(lambda: count(alone, "misses") == THREADS)
            return "one"

        with ThreadPoolExecutor(THREADS) as pool:
            futures = [
                pool.submit(alone.get_or_build, "bags", "k", build, 60) for _ in range(THREADS)
            ]

        assert {future.result() for future in futures} == {"one"}
        assert count(alone, "builds") == 1

    def test_a_value_stored_meanwhile_is_not_built_again(
        self, alone: Cache, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        run = alone._single_flight.run

        def late(*args: Any, **times: float) -> bytes:
            monkeypatch.setattr(alone._single_flight, "run", run)
            alone.get_or_build("bags", "k", lambda: "first", 60)
            return run(*args, **times)

        monkeypatch.setattr(alone._single_flight, "run", late)

        assert alone.get_or_build("bags", "k", lambda: "second", 60) == "first"

    def test_an_error_reaches_all_threads_and_is_not_stored(self, alone: Cache) -> None:
        def build() -> str:
            wait_until(lambda: count(alone, "misses") == THREADS)
            raise LookupError

        with ThreadPoolExecutor(THREADS) as pool:
            futures = [
                pool.submit(alone.get_or_build, "bags", "k", build, 60) for _ in range(THREADS)
            ]

        assert {type(future.exception()) for future in futures} == {LookupError}
        assert alone.get_or_build("bags", "k", lambda: "well", 60) == "well"

    def test_a_thread_that_exits_does_not_stop_the_others(self, alone: Cache) -> None:
        first = threading.Lock()

        def build() -> str:
            if first.acquire(blocking=False):
                wait_until(lambda: count(alone, "misses") == 2)
                raise SystemExit
            return "well"

        with ThreadPoolExecutor(2) as pool:
            futures = [pool.submit(alone.get_or_build, "bags", "k", build, 60) for _ in range(2)]

        assert {type(future.exception()) for future in futures} == {SystemExit, type(None)}

    def test_waiting_for_another_build_times_out(
        self, alone: Cache, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("tracetrack.cache.memory.SingleFlight.TIMEOUT_SECONDS", 0.01)
        started, release = threading.Event(), threading.Event()
        with ThreadPoolExecutor(1) as pool:
            pool.submit(
                alone.get_or_build, "bags", "k", lambda: [started.set(), release.wait(5)], 60
            )
            started.wait(5)

            assert alone.get_or_build("bags", "k", lambda: "mine", 60) == "mine"
            release.set()

    def test_a_build_older_than_a_second_is_not_joined(self, alone: Cache, clock: Clock) -> None:
        started, release = threading.Event(), threading.Event()
        with ThreadPoolExecutor(1) as pool:
            pool.submit(
                alone.get_or_build, "bags", "k", lambda: [started.set(), release.wait(5)], 60
            )
            started.wait(5)
            clock.now += 1.01

            assert alone.get_or_build("bags", "k", lambda: "new", 60) == "new"
            release.set()

    def test_a_read_after_an_invalidation_does_not_join_an_older_build(self, alone: Cache) -> None:
        started, release = threading.Event(), threading.Event()

        def slowly() -> str:
            started.set()
            release.wait(5)
            return "old"

        with ThreadPoolExecutor(1) as pool:
            before = pool.submit(alone.get_or_build, "bags", "k", slowly, 60)
            started.wait(5)
            alone.invalidate(["bags"])
            after = alone.get_or_build("bags", "k", lambda: "new", 60)
            release.set()

        assert (before.result(), after) == ("old", "new")
        assert alone.get_or_build("bags", "k", lambda: "newer", 60) == "new"


class TestMemory:
    def test_the_least_recently_used_entry_is_evicted(self, alone: Cache) -> None:
        for n in range(1000):
            alone.get_or_build("bags", str(n), lambda: "kept", 60)
        alone.get_or_build("bags", "0", lambda: "anew", 60)
        alone.get_or_build("bags", "1000", lambda: "kept", 60)

        assert alone.get_or_build("bags", "0", lambda: "anew", 60) == "kept"
        assert alone.stats([])["entries"] == 1000
        assert count(alone, "evictions") == 1
        assert alone.get_or_build("bags", "1", lambda: "anew", 60) == "anew"

    def test_counts_every_hit(self, alone: Cache) -> None:
        alone.get_or_build("bags", "k", lambda: 1, 60)
        with ThreadPoolExecutor(8) as pool:
            for _ in range(4000):
                pool.submit(alone.get_or_build, "bags", "k", lambda: 1, 60)

        assert count(alone, "hits_memory") == 4000

    def test_stats(self) -> None:
        cache.cached("bags", "k", list)
        stats = cache.stats()

        assert set(stats["namespaces"]) == {"dashboard", "bags", "recent"}
        assert (stats["entries"], stats["breaker"], stats["owed"]) == (1, "closed", 0)
        assert stats["redis"] == {"configured": False, "reachable": False}
