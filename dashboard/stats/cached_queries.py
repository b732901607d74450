"""Answers that more than one door gives: made once, kept in the cache, the same everywhere."""

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
    """The dashboard's numbers for `user` as JSON, and whether they come from the cache."""
    built = False
    now = timezone.now()

    def build() -> bytes:
        nonlocal built
        built = True
        return orjson.dumps(queries.overview(user, now=now, area=area, period=period))

    # A new day begins at once, not when what is kept of yesterday runs out.
    key = _key("ultra", visibility_key(user), business_day(now), area, period)
    return cache.cached("dashboard", key, build), not built


def person_stats(person: User) -> bytes:
    """What `person` scanned, as JSON."""
    now = timezone.now()
    key = _key("person", f"user {person.pk}", business_day(now))
    return cache.cached(
        "user_stats", key, lambda: orjson.dumps(queries.person_stats(person, now=now))
    )


@lru_cache(maxsize=1000)
def _key(name: str, scope: str, day: date, *narrowed: str | None) -> str:
    return cache.key(name, scope=scope, day=day, narrowed=narrowed)
