"""When a factory works, how large its areas are and who works there: the shape of a seeded site."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate
from zoneinfo import ZoneInfo

from django.conf import settings

from accounts.roles import Role

DAYS = 400
PEOPLE = 300
# Monday to Sunday, against an ordinary day.
WEEK = (1.0, 1.05, 1.05, 1.0, 0.95, 0.6, 0.12)
# Scans by hour of the day: two shifts, each with a meal in it, and a guard at night.
SHIFTS = (
    0.2, 0.2, 0.2, 0.2, 0.3, 1, 4, 7, 8, 8, 5, 8,
    8, 6, 5, 7, 8, 7, 4, 7, 6, 3, 1, 0.3,
)  # fmt: skip
# Areas from the largest to the smallest; more than ten go on like the last.
SIZES = (22, 17, 14, 11, 10, 8, 7, 5, 4, 2)
# The last sack is full before the period ends.
REST = timedelta(minutes=10)
FIRST_NAMES = (
    "asha", "bilal", "chitra", "dev", "esha", "farid", "gauri", "harish", "indu", "jatin",
    "kavita", "lalit", "meena", "nitin", "omkar", "priya", "rahul", "sunita", "tara", "vikram",
)  # fmt: skip
LAST_NAMES = (
    "sharma", "verma", "khan", "patel", "reddy", "singh", "das", "nair",
    "joshi", "yadav", "mehta", "rao", "gupta", "bose", "pillai",
)  # fmt: skip
ROLES = [Role.ADMINISTRATOR, *[Role.OFFICE] * 6, *[Role.VIEWER] * 3, *[Role.INTEGRATOR] * 2]


@dataclass(frozen=True, slots=True)
class Hour:
    """One hour of the period, and which part of all the work falls into it."""

    starts_at: datetime
    seconds: float
    share_from: float
    share_to: float


@dataclass(frozen=True, slots=True)
class Person:
    """An account to be made; `weight` is how much of the work is his, `areas` where he does it."""

    username: str
    role: Role
    weight: float
    areas: tuple[int, ...]


def hours(until: datetime) -> list[Hour]:
    """The hours of the `DAYS` before `until`: growing with the season, resting on Sundays."""
    zone = ZoneInfo(settings.BUSINESS_TIME_ZONE)
    last = until - REST
    first = (last - timedelta(days=DAYS)).replace(minute=0, second=0, microsecond=0)
    found = []
    for nth in range(DAYS * 24 + 1):
        starts = first + timedelta(hours=nth)
        seconds = min(3600.0, (last - starts).total_seconds())
        if seconds > 0:
            local = starts.astimezone(zone)
            season = 0.7 + 0.6 * nth / (DAYS * 24)
            weight = WEEK[local.weekday()] * SHIFTS[local.hour] * season * seconds / 3600
            found.append((starts, seconds, weight))
    until_here = list(accumulate((weight for _, _, weight in found), initial=0.0))
    total = until_here[-1]
    return [
        Hour(starts, seconds, before / total, after / total)
        for (starts, seconds, _), before, after in zip(
            found, until_here, until_here[1:], strict=False
        )
    ]


def area_shares(number: int) -> list[float]:
    """Where the share of each of `number` areas begins, from 0."""
    sizes = [SIZES[min(nth, len(SIZES) - 1)] for nth in range(number)]
    return [before / sum(sizes) for before in accumulate(sizes[:-1], initial=0)]


def people(areas: Sequence[int], chance: random.Random) -> Iterator[Person]:
    """The accounts of a site: a few do most of the scanning, most do little."""
    sizes = [SIZES[min(nth, len(SIZES) - 1)] for nth in range(len(areas))]
    names = [f"{first}.{last}" for last in LAST_NAMES for first in FIRST_NAMES]
    for nth, name in enumerate(names[:PEOPLE]):
        role = ROLES[nth] if nth < len(ROLES) else Role.OPERATOR
        if role != Role.OPERATOR:
            yield Person(name, role, 0.0, ())
            continue
        # The first operators go round, so that every area has somebody.
        turn = nth - len(ROLES)
        home = areas[turn] if turn < len(areas) else chance.choices(areas, sizes)[0]
        second = chance.choices(areas, sizes)[0] if chance.random() < 0.2 else home
        weight = 1 / (3 + chance.randrange(PEOPLE))
        yield Person(name, role, weight, tuple(dict.fromkeys((home, second))))
