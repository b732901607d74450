"""The cache without Redis: keys, ages, drops, and threads that ask together."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from time import sleep
from typing import Any

import pytest

from tracetrack import cache
from tracetrack.cache import Cache, key

ASKING = 32


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


@pytest.fixture(autouse=True)
def _own_cache(settings: Any) -> Iterator[None]:
    settings.REDIS_URL = ""
    settings.CACHE_SECONDS = {"dashboard": 30.0, "bags": 60.0, "recent": 10.0}
    cache.purge("*")
    yield
    cache.purge("*")


def count(cache: Cache, figure: str, namespace: str = "bags") -> int:
    counted: int = cache.stats([namespace])["namespaces"][namespace][figure]
    return counted


def wait_until(true: Callable[[], bool]) -> None:
    for _ in range(5000):
        if true():
            return
        sleep(0.001)
    raise AssertionError("It did not come to pass within five seconds.")


class TestKey:
    def test_is_readable_in_front(self) -> None:
        assert key("list", scope="area:7", page=2).startswith("list:area:7:")

    def test_does_not_depend_on_the_order_of_parameters(self) -> None:
        assert key("list", scope="all", a=1, b=2) == key("list", scope="all", b=2, a=1)

    @pytest.mark.parametrize(
        "other",
        [
            key("list", scope="area:8", page=1),
            key("list", scope="area:7", page="1"),
            key("list", scope="area:7", page=2),
            key("list", scope="area:7"),
            key("list:area", scope="7", page=1),
        ],
    )
    def test_differs_in_scope_parts_and_parameters(self, other: str) -> None:
        assert key("list", scope="area:7", page=1) != other

    def test_stays_short_and_plain_whatever_is_asked(self) -> None:
        made = key("q", scope="all", day=date(2026, 1, 2), text="\ud800*?[" * 999, page=10**30)
        long = key("* \n" * 999, scope="all")

        assert len(made) < 120
        assert len(long) < 120
        assert set(long) <= set("_0123456789abcdef:")

    def test_needs_a_scope(self) -> None:
        with pytest.raises(ValueError, match="for whom"):
            key("list", scope="")

    def test_refuses_what_has_no_fixed_text(self) -> None:
        with pytest.raises(TypeError, match="cannot hold"):
            key("list", scope="all", areas={1, 2})


class TestCached:
    def test_builds_once(self, alone: Cache) -> None:
        answers = [alone.get_or_build("bags", "k", lambda: {"n": 1}, 60) for _ in range(3)]

        assert answers == [{"n": 1}] * 3
        assert [count(alone, f) for f in ("builds", "misses", "hits_memory")] == [1, 1, 2]

    def test_gives_the_same_shape_the_first_time(self, alone: Cache) -> None:
        built = {"at": date(2026, 1, 2), "pair": (1, 2)}

        answers = [alone.get_or_build("bags", "k", lambda: built, 60) for _ in range(2)]

        assert answers == [{"at": "2026-01-02", "pair": [1, 2]}] * 2

    def test_keeps_bytes_as_they_are(self, alone: Cache) -> None:
        assert {alone.get_or_build("bags", "k", lambda: b"\x00j", 60) for _ in range(2)} == {
            b"\x00j"
        }

    def test_lends_nobody_the_kept_answer_itself(self, alone: Cache) -> None:
        alone.get_or_build("bags", "k", lambda: [1], 60).append(2)
        alone.get_or_build("bags", "k", lambda: [0], 60).append(3)

        assert alone.get_or_build("bags", "k", lambda: [0], 60) == [1]

    def test_keeps_nothing_longer_than_a_second(self, alone: Cache, clock: Clock) -> None:
        def built_slowly() -> str:
            clock.now += 0.5
            return "old"

        alone.get_or_build("bags", "k", built_slowly, 60)
        clock.now += 0.5
        assert alone.get_or_build("bags", "k", lambda: "new", 60) == "old"
        clock.now += 0.01
        assert alone.get_or_build("bags", "k", lambda: "new", 60) == "new"

    def test_keeps_nothing_longer_than_it_was_told(self, alone: Cache, clock: Clock) -> None:
        alone.get_or_build("bags", "k", lambda: "old", 0.5)
        clock.now += 0.44
        assert alone.get_or_build("bags", "k", lambda: "new", 0.5) == "old"
        clock.now += 0.07
        assert alone.get_or_build("bags", "k", lambda: "new", 0.5) == "new"

    def test_trusts_nothing_from_the_future(self, alone: Cache, clock: Clock) -> None:
        alone.get_or_build("bags", "k", lambda: "old", 60)
        clock.now -= 3600

        assert alone.get_or_build("bags", "k", lambda: "new", 60) == "new"

    def test_keeps_no_error(self, alone: Cache) -> None:
        with pytest.raises(ZeroDivisionError):
            alone.get_or_build("bags", "k", lambda: 1 / 0, 60)

        assert alone.get_or_build("bags", "k", lambda: 1.0, 60) == 1.0

    def test_refuses_an_unregistered_namespace(self) -> None:
        with pytest.raises(ValueError, match="bgas"):
            cache.cached("bgas", "k", list)

    def test_lives_as_long_as_its_namespace(self, settings: Any) -> None:
        settings.CACHE_SECONDS = {"bags": 0.0, "recent": 10.0}

        assert [cache.cached("bags", "k", lambda n=n: n) for n in (1, 2)] == [1, 2]
        assert [cache.cached("recent", "k", lambda n=n: n) for n in (1, 2)] == [1, 1]
        assert [cache.cached("recent", "l", lambda n=n: n, seconds=0) for n in (1, 2)] == [1, 2]


class TestAskedTogether:
    def test_one_builds_for_all(self, alone: Cache) -> None:
        def build() -> str:
            wait_until(lambda: count(alone, "misses") == ASKING)
            return "one"

        with ThreadPoolExecutor(ASKING) as pool:
            asked = [pool.submit(alone.get_or_build, "bags", "k", build, 60) for _ in range(ASKING)]

        assert {future.result() for future in asked} == {"one"}
        assert count(alone, "builds") == 1

    def test_who_comes_just_after_the_landing_does_not_build_again(
        self, alone: Cache, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        share = alone._single_flight.run

        def late(*ticket: Any, **moments: float) -> bytes:
            monkeypatch.setattr(alone._single_flight, "run", share)
            alone.get_or_build("bags", "k", lambda: "first", 60)
            return share(*ticket, **moments)

        monkeypatch.setattr(alone._single_flight, "run", late)

        assert alone.get_or_build("bags", "k", lambda: "second", 60) == "first"

    def test_an_error_holds_up_nobody(self, alone: Cache) -> None:
        def build() -> str:
            wait_until(lambda: count(alone, "misses") == ASKING)
            raise LookupError

        with ThreadPoolExecutor(ASKING) as pool:
            asked = [pool.submit(alone.get_or_build, "bags", "k", build, 60) for _ in range(ASKING)]

        assert {type(future.exception()) for future in asked} == {LookupError}
        assert alone.get_or_build("bags", "k", lambda: "well", 60) == "well"

    def test_a_thread_that_is_shut_down_takes_nobody_along(self, alone: Cache) -> None:
        first = threading.Lock()

        def build() -> str:
            if first.acquire(blocking=False):
                wait_until(lambda: count(alone, "misses") == 2)
                raise SystemExit
            return "well"

        with ThreadPoolExecutor(2) as pool:
            asked = [pool.submit(alone.get_or_build, "bags", "k", build, 60) for _ in range(2)]

        assert {type(future.exception()) for future in asked} == {SystemExit, type(None)}

    def test_nobody_waits_for_ever(self, alone: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("tracetrack.cache.memory.SingleFlight.TIMEOUT_SECONDS", 0.01)
        begun, release = threading.Event(), threading.Event()
        with ThreadPoolExecutor(1) as pool:
            pool.submit(alone.get_or_build, "bags", "k", lambda: [begun.set(), release.wait(5)], 60)
            begun.wait(5)

            assert alone.get_or_build("bags", "k", lambda: "mine", 60) == "mine"
            release.set()

    def test_nobody_joins_a_build_older_than_a_second(self, alone: Cache, clock: Clock) -> None:
        begun, release = threading.Event(), threading.Event()
        with ThreadPoolExecutor(1) as pool:
            pool.submit(alone.get_or_build, "bags", "k", lambda: [begun.set(), release.wait(5)], 60)
            begun.wait(5)
            clock.now += 1.01

            assert alone.get_or_build("bags", "k", lambda: "new", 60) == "new"
            release.set()

    def test_who_asks_after_a_drop_does_not_join(self, alone: Cache) -> None:
        begun, release = threading.Event(), threading.Event()

        def slowly() -> str:
            begun.set()
            release.wait(5)
            return "old"

        with ThreadPoolExecutor(1) as pool:
            before = pool.submit(alone.get_or_build, "bags", "k", slowly, 60)
            begun.wait(5)
            alone.invalidate(["bags"])
            after = alone.get_or_build("bags", "k", lambda: "new", 60)
            release.set()

        assert (before.result(), after) == ("old", "new")
        assert alone.get_or_build("bags", "k", lambda: "newer", 60) == "new"


class TestMemory:
    def test_the_entry_unused_for_longest_makes_room(self, alone: Cache) -> None:
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

    def test_says_how_it_is(self) -> None:
        cache.cached("bags", "k", list)
        said = cache.stats()

        assert set(said["namespaces"]) == {"dashboard", "bags", "recent"}
        assert (said["entries"], said["breaker"], said["owed"]) == (1, "closed", 0)
        assert said["redis"] == {"configured": False, "reachable": False}
