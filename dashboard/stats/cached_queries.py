"""Cached results of the statistics queries, shared by the API, the pages and the live dashboard."""

from datetime import date
from functools import lru_cache

import orjson
from django.utils import timezone

from accounts.models import User
from bags.querysets import visibility_key
from dashboard.business_days import business_day
from dashboard.stats import queries
from tracetrack import cache


def overview(user: User, *, area: str | None = None, period: str = "today") -> tuple[bytes, bool]:
    """Return the dashboard statistics for `user` as JSON, and whether they came from the cache.

    The arguments and errors are those of `queries.overview`.
    """
    is_built = False
    now = timezone.now()

    def build() -> bytes:
        nonlocal is_built
        is_built = True
        return orjson.dumps(queries.overview(user, now=now, area=area, period=period))

    # The key contains the day: at midnight the statistics of the new day are shown at once.
    key = _cache_key("ultra", visibility_key(user), business_day(now), area, period)
    return cache.cached("dashboard", key, build), not is_built


def user_stats(user: User) -> bytes:
    """Return the scan counts of one user as JSON; see `queries.user_stats`."""
    now = timezone.now()
    key = _cache_key("person", f"user {user.pk}", business_day(now))
    return cache.cached("user_stats", key, lambda: orjson.dumps(queries.user_stats(user, now=now)))


@lru_cache(maxsize=1000)
def _cache_key(name: str, visibility: str, day: date, *filters: str | None) -> str:
    return cache.key(name, visibility=visibility, day=day, filters=filters)
