"""When what was kept goes: drop() after commit or at once, clear() at once."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import transaction

from tracetrack import cache


@pytest.fixture(autouse=True)
def _own_cache(settings: Any) -> Iterator[None]:
    settings.REDIS_URL = ""
    settings.CACHE_SECONDS = {"dashboard": 30.0, "bags": 60.0, "recent": 10.0}
    cache.purge("*")
    yield
    cache.purge("*")


def ask(namespace: str, answer: str, key: str = "k") -> str:
    return cache.cached(namespace, key, lambda: answer)


@pytest.mark.parametrize("pattern", ["bags:*", "bags", "bag*:*", "*", "bags:list:*"])
def test_drops_at_once_outside_a_transaction(pattern: str) -> None:
    ask("bags", "old")

    cache.invalidate(pattern)

    assert ask("bags", "new") == "new"


def test_leaves_other_namespaces_alone() -> None:
    ask("dashboard", "old")

    cache.invalidate("bags:*", "recent:*")

    assert ask("dashboard", "new") == "old"


@pytest.mark.parametrize("pattern", ["bgas:*", "", ":*", "*x:*", "bags2:*"])
def test_refuses_a_pattern_without_a_namespace(pattern: str) -> None:
    with pytest.raises(ValueError, match="names no namespace"):
        cache.invalidate("bags:*", pattern)
    with pytest.raises(ValueError, match="names no namespace"):
        cache.purge(pattern)


@pytest.mark.django_db(transaction=True)
class TestInATransaction:
    def test_drops_after_commit(self) -> None:
        ask("bags", "old")

        with ThreadPoolExecutor(1) as elsewhere, transaction.atomic():
            cache.invalidate("bags:*")
            assert elsewhere.submit(ask, "bags", "new").result() == "old"

        assert ask("bags", "new") == "new"

    @pytest.mark.parametrize("culprit", ["_cache", "Shared.drop"])
    def test_a_failure_after_commit_does_not_reach_who_committed(
        self, culprit: str, settings: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        settings.REDIS_URL = "unix:///nowhere/redis.sock"
        ask("bags", "old")

        def fail(*_: object) -> None:
            raise ZeroDivisionError

        with monkeypatch.context() as patch:
            patch.setattr(f"tracetrack.cache.{culprit}", fail)
            with transaction.atomic():
                cache.invalidate("bags:*")

        if culprit != "_cache":
            assert ask("bags", "new") == "new"

    def test_a_rollback_drops_nothing(self) -> None:
        ask("bags", "old")

        with transaction.atomic():
            cache.invalidate("bags:*")
            transaction.set_rollback(True)

        assert ask("bags", "new") == "old"

    def test_what_only_the_transaction_sees_is_not_kept(self) -> None:
        with transaction.atomic():
            cache.invalidate("bags:*")
            assert ask("bags", "never committed") == "never committed"
            transaction.set_rollback(True)

        assert ask("bags", "committed") == "committed"

    def test_a_transaction_sees_its_own_changes(self) -> None:
        ask("bags", "before")

        with transaction.atomic():
            cache.invalidate("bags:*")
            assert ask("bags", "changed") == "changed"

    def test_one_that_changes_nothing_uses_the_cache(self) -> None:
        ask("bags", "old")

        with transaction.atomic():
            assert ask("bags", "new") == "old"

    def test_refuses_a_wrong_pattern_before_commit(self) -> None:
        with pytest.raises(ValueError, match="bgas"), transaction.atomic():
            cache.invalidate("bgas:*")


class TestClear:
    def test_counts_what_went(self) -> None:
        for key in ("list:1", "list:2", "one:1"):
            ask("bags", "old", key)
        ask("recent", "old", "list:1")

        assert cache.purge("bags:list:*") == 2
        assert cache.purge("bags:*") == 1
        assert cache.purge("*:list:?") == 1
        assert cache.purge("*") == 0

    def test_what_went_is_built_anew(self) -> None:
        ask("bags", "old")

        cache.purge("*")

        assert ask("bags", "new") == "new"
