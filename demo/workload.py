"""The shape of a seeded site: working hours, sizes of areas, and users with their workload."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate
from zoneinfo import ZoneInfo

from django.conf import settings

from accounts.roles import Role

DAYS = 400
USERS = 300
# The workload of Monday to Sunday relative to an ordinary day.
WEEKDAY_WEIGHTS = (1.0, 1.05, 1.05, 1.0, 0.95, 0.6, 0.12)
# The workload of each hour of the day: two shifts with a meal break each, and little at night.
HOUR_WEIGHTS = (
    0.2, 0.2, 0.2, 0.2, 0.3, 1, 4, 7, 8, 8, 5, 8,
    8, 6, 5, 7, 8, 7, 4, 7, 6, 3, 1, 0.3,
)  # fmt: skip
# The sizes of areas, largest first. Areas after the tenth are as large as the tenth.
AREA_WEIGHTS = (22, 17, 14, 11, 10, 8, 7, 5, 4, 2)
# Work ends this long before the end of the period, so that the last parent bag is full by then.
IDLE_AT_END = timedelta(minutes=10)
FIRST_NAMES = (
    "asha", "bilal", "chitra", "dev", "esha", "farid", "gauri", "harish", "indu", "jatin",
    "kavita", "lalit", "meena", "nitin", "omkar", "priya", "rahul", "sunita", "tara", "vikram",
)  # fmt: skip
LAST_NAMES = (
    "sharma", "verma", "khan", "patel", "reddy", "singh", "das", "nair",
    "joshi", "yadav", "mehta", "rao", "gupta", "bose", "pillai",
)  # fmt: skip
# The roles of the first users; all others are operators.
ROLES = [Role.ADMINISTRATOR, *[Role.OFFICE] * 6, *[Role.VIEWER] * 3, *[Role.INTEGRATOR] * 2]


@dataclass(frozen=True, slots=True)
class HourShare:
    """One hour of the period, and the share of all work that falls into it: [from, to) in 0..1."""

    starts_at: datetime
    seconds: float
    share_from: float
    share_to: float


@dataclass(frozen=True, slots=True)
class SeedUser:
    """A user to create: `weight` is their share of the work, `areas` the areas they work in."""

    username: str
    role: Role
    weight: float
    areas: tuple[int, ...]


def hour_shares(until: datetime) -> list[HourShare]:
    """Return the hours of the `DAYS` before `until`, with a growing workload and quiet Sundays."""
    zone = ZoneInfo(settings.BUSINESS_TIME_ZONE)
    last = until - IDLE_AT_END
    first = (last - timedelta(days=DAYS)).replace(minute=0, second=0, microsecond=0)
    hours = []
    for number in range(DAYS * 24 + 1):
        starts_at = first + timedelta(hours=number)
        seconds = min(3600.0, (last - starts_at).total_seconds())
        if seconds > 0:
            local = starts_at.astimezone(zone)
            growth = 0.7 + 0.6 * number / (DAYS * 24)
            weight = WEEKDAY_WEIGHTS[local.weekday()] * HOUR_WEIGHTS[local.hour]
            hours.append((starts_at, seconds, weight * growth * seconds / 3600))
    bounds = list(accumulate((weight for _, _, weight in hours), initial=0.0))
    total = bounds[-1]
    return [
        HourShare(starts_at, seconds, start / total, end / total)
        for (starts_at, seconds, _), start, end in zip(hours, bounds, bounds[1:], strict=False)
    ]


def area_shares(count: int) -> list[float]:
    """Return where the share of each of `count` areas starts in 0..1."""
    weights = _area_weights(count)
    return [start / sum(weights) for start in accumulate(weights[:-1], initial=0)]


def generate_users(areas: Sequence[int], rng: random.Random) -> Iterator[SeedUser]:
    """Yield the users of a site: a few operators do most of the scans, most operators few."""
    weights = _area_weights(len(areas))
    names = [f"{first}.{last}" for last in LAST_NAMES for first in FIRST_NAMES]
    for number, name in enumerate(names[:USERS]):
        role = ROLES[number] if number < len(ROLES) else Role.OPERATOR
        if role != Role.OPERATOR:
            yield SeedUser(name, role, 0.0, ())
            continue
        # The first operators are spread over all areas, so that each area has one.
        index = number - len(ROLES)
        home = areas[index] if index < len(areas) else rng.choices(areas, weights)[0]
        second = rng.choices(areas, weights)[0] if rng.random() < 0.2 else home
        weight = 1 / (3 + rng.randrange(USERS))
        yield SeedUser(name, role, weight, tuple(dict.fromkeys((home, second))))


def _area_weights(count: int) -> list[int]:
    return [AREA_WEIGHTS[min(number, len(AREA_WEIGHTS) - 1)] for number in range(count)]
