"""seed(): a believable site of any size, made inside the database, in one transaction."""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.core.management.color import no_style
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from django.utils import timezone

from accounts.models import User
from accounts.roles import Role
from bags.models import Area, Bag, BagType, Batch
from dashboard.business_days import business_day
from dashboard.events import SiteSeeded
from dashboard.stats import counters
from demo.index_free_load import stripped
from demo.workload import Person, area_shares, hours, people
from scans.models import Scan
from tracetrack.db.sql_files import sql
from tracetrack.db.timeouts import no_statement_timeout
from tracetrack.events import emit

# Rows written by one statement: small enough to be sorted in memory.
CHUNK = 200_000
# A sack and what lies in it, on average; at least as many loads are planned as can be needed.
USUAL_LOAD, LEAST_LOAD = 28, 10
# M444-00000 is a label of five digits, so there cannot be more sacks of moong.
MOONG_SHARE, MOST_MOONG = 0.2, 80_000
SLOTS = 1000
LARGE = ("bags_bag", "bags_bagcode", "scans_scan")
ROOMY = (
    "SET LOCAL statement_timeout = 0",
    "SET LOCAL work_mem = '256MB'",
    "SET LOCAL maintenance_work_mem = '512MB'",
    "SET LOCAL synchronous_commit = off",
)


class SeedError(Exception):
    """The site cannot be seeded; the message says why and what to do."""


class Progress(Protocol):
    """Hears how far it is: what is done now, and rows that were written."""

    def __call__(self, doing: str, rows: int = 0) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How large the site becomes, when its last day ends, and the dice."""

    bags: int
    scans: int
    until: datetime
    seed: int


def seed(size: Size, *, progress: Progress) -> None:
    """Fill an empty site; the same `size` gives the same bags and scans.

    Raises SeedError. One transaction: it is whole or it is not there.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        for statement in ROOMY:
            cursor.execute(statement)
        cursor.execute(f"LOCK bags_batch, {', '.join(LARGE)} IN ACCESS EXCLUSIVE MODE")
        if any(model.objects.exists() for model in (Batch, Bag, Scan)):
            raise SeedError("This site already holds bags or batches: seed an empty database.")
        progress("planning")
        loads, extra = _plan(cursor, size)
        # A table whose rows still wait for the check of their keys cannot be altered.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        before = business_day(timezone.now()) - timedelta(days=1)
        with stripped(cursor, *LARGE) as waiting, counters.count_on_day(before):
            _write_bags(cursor, loads, size, progress)
            _write_scans(cursor, loads, extra, size, progress)
            _bring_back(cursor, waiting, progress)
        _set_sequences(cursor)
        emit(SiteSeeded(bags=size.bags, scans=size.scans, seed=size.seed))
    progress("counting")
    counters.roll_up()
    progress("looking the tables over")
    with no_statement_timeout(), connection.cursor() as cursor:
        # Outside a transaction also for index-only scans, which need the visibility map.
        vacuum = "" if connection.in_atomic_block else "VACUUM "
        cursor.execute(f"{vacuum}ANALYZE")


def _plan(cursor: CursorWrapper, size: Size) -> tuple[int, int]:
    """Areas, people and loads; gives the number of loads, and of scans beside the needed ones."""
    areas = list(Area.objects.filter(active=True).order_by("id").values_list("id", flat=True))
    types = dict(BagType.objects.values_list("name", "id"))
    _hours(cursor, size)
    office = _people(cursor, areas, size)
    cursor.execute(
        sql("demo.seed_loads"),
        {
            "bags": size.bags,
            "candidates": size.bags // LEAST_LOAD + 100,
            "mustard": types["mustard"],
            "moong": types["moong"],
            "moong_share": min(MOONG_SHARE, MOST_MOONG / (size.bags / USUAL_LOAD)),
            "areas": areas,
            "area_shares": area_shares(len(areas)),
        },
    )
    cursor.execute("ALTER TABLE seed_load ADD PRIMARY KEY (load)")
    for share in ("packed", "dispatched", "received", "returned"):
        cursor.execute(f"CREATE INDEX ON seed_load ({share})")
    cursor.execute("ANALYZE seed_load")
    given: dict[str, Any] = {
        "until": size.until,
        "office": office,
        "mustard": types["mustard"],
        "zone": settings.BUSINESS_TIME_ZONE,
    }
    cursor.execute(sql("demo.seed_batches"), given)
    cursor.execute(sql("demo.seed_needed"))
    loads, needed = cursor.fetchone()
    if needed > size.scans:
        raise SeedError(f"To be where they are, {size.bags} bags take {needed} scans or more.")
    return loads, size.scans - needed


def _hours(cursor: CursorWrapper, size: Size) -> None:
    cursor.execute(
        "CREATE TEMPORARY TABLE seed_hour (hour int, starts_at timestamptz, seconds float8, "
        "share_from float8 PRIMARY KEY, share_to float8) ON COMMIT DROP"
    )
    rows = [
        (nth, hour.starts_at, hour.seconds, hour.share_from, hour.share_to)
        for nth, hour in enumerate(hours(size.until), start=1)
    ]
    cursor.executemany("INSERT INTO seed_hour VALUES (%s, %s, %s, %s, %s)", rows)
    cursor.execute("ANALYZE seed_hour")
    cursor.execute(sql("demo.seed_tools"), {"seed": size.seed})


def _people(cursor: CursorWrapper, areas: list[int], size: Size) -> int:
    """The accounts, and who of them has how many of the thousand slots of an area."""
    chance = random.Random(size.seed)
    persons = list(people(areas, chance))
    ids = _accounts(persons)
    cursor.execute(
        "CREATE TEMPORARY TABLE seed_person (area_id bigint, slot int, actor_id bigint, "
        "station text, PRIMARY KEY (area_id, slot)) ON COMMIT DROP"
    )
    rows: list[tuple[int, int, int, str]] = []
    for area in areas:
        here = [person for person in persons if area in person.areas]
        chosen = chance.choices(here, [person.weight for person in here], k=SLOTS)
        rows += [
            (area, slot, ids[person.username], f"Gate {1 + slot % 4}")
            for slot, person in enumerate(chosen)
        ]
    cursor.executemany("INSERT INTO seed_person VALUES (%s, %s, %s, %s)", rows)
    cursor.execute("ANALYZE seed_person")
    return next(ids[person.username] for person in persons if person.role == Role.OFFICE)


def _accounts(persons: list[Person]) -> dict[str, int]:
    """Accounts that nobody can sign in to until they are given a password, by name."""
    closed = make_password(None)
    User.objects.bulk_create(
        [User(username=p.username, role=p.role, password=closed) for p in persons],
        ignore_conflicts=True,
    )
    names = [person.username for person in persons]
    ids = dict(User.objects.filter(username__in=names).values_list("username", "id"))
    member = Area.members.through
    member.objects.bulk_create(
        [member(area_id=area, user_id=ids[p.username]) for p in persons for area in p.areas],
        ignore_conflicts=True,
    )
    return ids


def _write_bags(cursor: CursorWrapper, loads: int, size: Size, progress: Progress) -> None:
    mustard = BagType.objects.get(name="mustard").pk
    step = max(1, CHUNK // USUAL_LOAD)
    for start in range(0, loads, step):
        given = {"from_load": start, "to_load": start + step, "mustard": mustard}
        cursor.execute(sql("demo.seed_bags"), given)
        progress("bags", cursor.rowcount)


def _write_scans(
    cursor: CursorWrapper, loads: int, extra: int, size: Size, progress: Progress
) -> None:
    windows = -(-size.scans // CHUNK)
    first = 1
    for window in range(windows):
        given = {
            "from_share": window / windows,
            "to_share": (window + 1) / windows,
            "loads": loads,
            "extra": extra,
            "first_scan": first,
            "seed": size.seed,
        }
        cursor.execute(sql("demo.seed_scans"), given)
        first += cursor.rowcount
        progress("scans", cursor.rowcount)


def _bring_back(cursor: CursorWrapper, waiting: list[str], progress: Progress) -> None:
    while waiting:
        progress(f"indexes and keys, {len(waiting)} to go")
        cursor.execute(waiting.pop(0))


def _set_sequences(cursor: CursorWrapper) -> None:
    for statement in connection.ops.sequence_reset_sql(no_style(), [Batch, Bag, Scan]):
        cursor.execute(statement)
