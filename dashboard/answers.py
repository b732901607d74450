"""Answers that more than one door gives: made once, kept in the cache, the same everywhere."""

import orjson
from django.utils import timezone

from bags.querysets import scope_of
from dashboard import queries
from dashboard.days import business_day
from tracetrack import cache
from tracetrack.models import User


def overview(user: User) -> tuple[bytes, bool]:
    """The dashboard's numbers for `user` as JSON, and whether they come from the cache."""
    built = False
    now = timezone.now()

    def build() -> bytes:
        nonlocal built
        built = True
        return orjson.dumps(queries.overview(user, now=now))

    # A new day begins at once, not when what is kept of yesterday runs out.
    key = cache.key("ultra", scope=scope_of(user), day=business_day(now))
    return cache.cached("dashboard", key, build), not built


def person_stats(person: User) -> bytes:
    """What `person` scanned, as JSON."""
    now = timezone.now()
    key = cache.key("person", scope=f"user {person.pk}", day=business_day(now))
    return cache.cached(
        "user_stats", key, lambda: orjson.dumps(queries.person_stats(person, now=now))
    )
