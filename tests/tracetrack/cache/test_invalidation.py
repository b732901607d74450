"""invalidate() after COMMIT or at once, and purge()."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import transaction

from tracetrack import cache

pytestmark = pytest.mark.usefixtures("cache_without_redis")


def get(namespace: str, value: str, key: str = "k") -> str:
    """Return the cached value; build `value` if there is none."""
    return cache.cached(namespace, key, lambda: value)


@pytest.mark.parametrize("pattern", ["bags:*", "bags", "bag*:*", "*", "bags:list:*"])
def test_is_immediate_outside_a_transaction(pattern: str) -> None:
    get("bags", "old")

    cache.invalidate(pattern)

    assert get("bags", "new") == "new"


def test_does_not_affect_other_namespaces() -> None:
    get("dashboard", "old")

    cache.invalidate("bags:*", "recent:*")

    assert get("dashboard", "new") == "old"


@pytest.mark.parametrize("pattern", ["bgas:*", "", ":*", "*x:*", "bags2:*"])
def test_rejects_a_pattern_without_a_namespace(pattern: str) -> None:
    with pytest.raises(ValueError, match="matches no namespace"):
        cache.invalidate("bags:*", pattern)
    with pytest.raises(ValueError, match="matches no namespace"):
        cache.purge(pattern)


@pytest.mark.django_db(transaction=True)
class TestInATransaction:
    def test_happens_after_commit(self) -> None:
        get("bags", "old")

        with ThreadPoolExecutor(1) as elsewhere, transaction.atomic():
            cache.invalidate("bags:*")
            assert elsewhere.submit(get, "bags", "new").result() == "old"

        assert get("bags", "new") == "new"

    @pytest.mark.parametrize("culprit", ["_cache", "RedisLevel.invalidate"])
    def test_an_error_after_commit_does_not_reach_the_caller(
        self, culprit: str, settings: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        settings.REDIS_URL = "unix:///nowhere/redis.sock"
        get("bags", "old")

        def fail(*_: object) -> None:
            raise ZeroDivisionError

        with monkeypatch.context() as patch:
            patch.setattr(f"tracetrack.cache.{culprit}", fail)
            with transaction.atomic():
                cache.invalidate("bags:*")

        if culprit != "_cache":
            assert get("bags", "new") == "new"

    def test_does_not_happen_after_a_rollback(self) -> None:
        get("bags", "old")

        with transaction.atomic():
            cache.invalidate("bags:*")
            transaction.set_rollback(True)

        assert get("bags", "new") == "old"

    def test_values_of_a_transaction_with_changes_are_not_stored(self) -> None:
        with transaction.atomic():
            cache.invalidate("bags:*")
            assert get("bags", "never committed") == "never committed"
            transaction.set_rollback(True)

        assert get("bags", "committed") == "committed"

    def test_a_transaction_sees_its_own_changes(self) -> None:
        get("bags", "before")

        with transaction.atomic():
            cache.invalidate("bags:*")
            assert get("bags", "changed") == "changed"

    def test_a_transaction_without_changes_uses_the_cache(self) -> None:
        get("bags", "old")

        with transaction.atomic():
            assert get("bags", "new") == "old"

    def test_rejects_an_invalid_pattern_before_commit(self) -> None:
        with pytest.raises(ValueError, match="bgas"), transaction.atomic():
            cache.invalidate("bgas:*")


class TestPurge:
    def test_counts_the_deleted_entries(self) -> None:
        for key in ("list:1", "list:2", "one:1"):
            get("bags", "old", key)
        get("recent", "old", "list:1")

        assert cache.purge("bags:list:*") == 2
        assert cache.purge("bags:*") == 1
        assert cache.purge("*:list:?") == 1
        assert cache.purge("*") == 0

    def test_deleted_values_are_built_anew(self) -> None:
        get("bags", "old")

        cache.purge("*")

        assert get("bags", "new") == "new"
