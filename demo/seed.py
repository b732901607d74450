"""Seed an empty site of any size inside the database, in one transaction."""

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
from dashboard.stats import counters
from demo.events import SiteSeeded
from demo.index_free_load import without_indexes
from demo.workload import SeedUser, area_shares, generate_users, hour_shares
from scans.models import Scan
from tracetrack.db.sql_files import sql
from tracetrack.db.timeouts import no_statement_timeout
from tracetrack.events import emit

# Rows written by one statement; few enough to be sorted in memory.
CHUNK_ROWS = 200_000
# A load is a parent with its children, or a few loose children. The mean sizes chunks; with the
# minimum, enough loads are planned for any number of bags.
MEAN_BAGS_PER_LOAD, MIN_BAGS_PER_LOAD = 28, 10
# Labels of moong parents, such as M444-00000, have five digits, which limits their number.
MOONG_SHARE, MAX_MOONG_PARENTS = 0.2, 80_000
# Each area has this many slots, shared among its users by their weights.
SLOTS_PER_AREA = 1000
LARGE_TABLES = ("bags_bag", "bags_bagcode", "scans_scan")
SESSION_SETTINGS = (
    "SET LOCAL statement_timeout = 0",
    "SET LOCAL work_mem = '256MB'",
    "SET LOCAL maintenance_work_mem = '512MB'",
    "SET LOCAL synchronous_commit = off",
)


class SeedError(Exception):
    """Raised if the site cannot be seeded. The message says why and what to do."""


class Progress(Protocol):
    """A callback with the current activity and the number of rows written since the last call."""

    def __call__(self, activity: str, rows: int = 0) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SeedOptions:
    """The numbers of bags and scans, the end of the period, and the seed of the random numbers."""

    bags: int
    scans: int
    until: datetime
    seed: int


def seed(options: SeedOptions, *, progress: Progress) -> None:
    """Fill an empty site in one transaction. Equal options give the same bags and scans.

    Raise SeedError if the site is not empty or if there are too few scans for the bags.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        _prepare(cursor)
        progress("planning")
        loads, extra_scans = _plan(cursor, options)
        # Tables with deferred constraint checks cannot be altered.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        yesterday = business_day(timezone.now()) - timedelta(days=1)
        with (
            without_indexes(cursor, *LARGE_TABLES) as pending,
            counters.count_on_day(yesterday),
        ):
            _insert_bags(cursor, loads, progress)
            _insert_scans(cursor, loads, extra_scans, options, progress)
            _create_indexes(cursor, pending, progress)
        _reset_sequences(cursor)
        emit(SiteSeeded(bags=options.bags, scans=options.scans, seed=options.seed))
    progress("counting")
    counters.roll_up()
    progress("analyzing tables")
    with no_statement_timeout(), connection.cursor() as cursor:
        # VACUUM sets the visibility map for index-only scans; it cannot run in a transaction.
        vacuum = "" if connection.in_atomic_block else "VACUUM "
        cursor.execute(f"{vacuum}ANALYZE")


def _prepare(cursor: CursorWrapper) -> None:
    """Set the session up, lock the tables, and raise SeedError if they are not empty."""
    for statement in SESSION_SETTINGS:
        cursor.execute(statement)
    cursor.execute(f"LOCK bags_batch, {', '.join(LARGE_TABLES)} IN ACCESS EXCLUSIVE MODE")
    if any(model.objects.exists() for model in (Batch, Bag, Scan)):
        raise SeedError("This site already holds bags or batches: seed an empty database.")


def _plan(cursor: CursorWrapper, options: SeedOptions) -> tuple[int, int]:
    """Create users, batches and the temporary table of loads.

    Return the number of loads, and the number of scans on top of those that the loads require.
    """
    areas = list(Area.objects.filter(active=True).order_by("id").values_list("id", flat=True))
    types = dict(BagType.objects.values_list("name", "id"))
    _create_hour_table(cursor, options)
    office = _create_users(cursor, areas, options)
    _create_load_table(cursor, areas, types, options)
    params: dict[str, Any] = {
        "until": options.until,
        "office": office,
        "mustard": types["mustard"],
        "zone": settings.BUSINESS_TIME_ZONE,
    }
    cursor.execute(sql("demo.insert_batches"), params)
    cursor.execute(sql("demo.count_required_scans"))
    loads, required = cursor.fetchone()
    if required > options.scans:
        raise SeedError(f"To be where they are, {options.bags} bags take {required} scans or more.")
    return loads, options.scans - required


def _create_hour_table(cursor: CursorWrapper, options: SeedOptions) -> None:
    cursor.execute(
        "CREATE TEMPORARY TABLE seed_hour (hour int, starts_at timestamptz, seconds float8, "
        "share_from float8 PRIMARY KEY, share_to float8) ON COMMIT DROP"
    )
    rows = [
        (number, hour.starts_at, hour.seconds, hour.share_from, hour.share_to)
        for number, hour in enumerate(hour_shares(options.until), start=1)
    ]
    cursor.executemany("INSERT INTO seed_hour VALUES (%s, %s, %s, %s, %s)", rows)
    cursor.execute("ANALYZE seed_hour")
    cursor.execute(sql("demo.sampling_functions"), {"seed": options.seed})


def _create_load_table(
    cursor: CursorWrapper, areas: list[int], types: dict[str, int], options: SeedOptions
) -> None:
    params: dict[str, Any] = {
        "bags": options.bags,
        "candidates": options.bags // MIN_BAGS_PER_LOAD + 100,
        "mustard": types["mustard"],
        "moong": types["moong"],
        "moong_share": min(MOONG_SHARE, MAX_MOONG_PARENTS / (options.bags / MEAN_BAGS_PER_LOAD)),
        "areas": areas,
        "area_shares": area_shares(len(areas)),
    }
    cursor.execute(sql("demo.plan_loads"), params)
    cursor.execute("ALTER TABLE seed_load ADD PRIMARY KEY (load)")
    for share in ("packed", "dispatched", "received", "returned"):
        cursor.execute(f"CREATE INDEX ON seed_load ({share})")
    cursor.execute("ANALYZE seed_load")


def _create_users(cursor: CursorWrapper, areas: list[int], options: SeedOptions) -> int:
    """Create the users and distribute the slots of each area among them.

    Return the id of an office user.
    """
    rng = random.Random(options.seed)
    users = list(generate_users(areas, rng))
    ids = _insert_users(users)
    cursor.execute(
        "CREATE TEMPORARY TABLE seed_user (area_id bigint, slot int, actor_id bigint, "
        "station text, PRIMARY KEY (area_id, slot)) ON COMMIT DROP"
    )
    rows: list[tuple[int, int, int, str]] = []
    for area in areas:
        members = [user for user in users if area in user.areas]
        slot_users = rng.choices(members, [user.weight for user in members], k=SLOTS_PER_AREA)
        rows += [
            (area, slot, ids[user.username], f"Gate {1 + slot % 4}")
            for slot, user in enumerate(slot_users)
        ]
    cursor.executemany("INSERT INTO seed_user VALUES (%s, %s, %s, %s)", rows)
    cursor.execute("ANALYZE seed_user")
    return next(ids[user.username] for user in users if user.role == Role.OFFICE)


def _insert_users(users: list[SeedUser]) -> dict[str, int]:
    """Create users, add them to their areas; return the ids of all users by name."""
    unusable = make_password(None)
    User.objects.bulk_create(
        [User(username=user.username, role=user.role, password=unusable) for user in users],
        ignore_conflicts=True,
    )
    names = [user.username for user in users]
    ids = dict(User.objects.filter(username__in=names).values_list("username", "id"))
    member = Area.members.through
    member.objects.bulk_create(
        [member(area_id=area, user_id=ids[user.username]) for user in users for area in user.areas],
        ignore_conflicts=True,
    )
    return ids


def _insert_bags(cursor: CursorWrapper, loads: int, progress: Progress) -> None:
    mustard = BagType.objects.get(name="mustard").pk
    step = max(1, CHUNK_ROWS // MEAN_BAGS_PER_LOAD)
    for start in range(0, loads, step):
        params = {"from_load": start, "to_load": start + step, "mustard": mustard}
        cursor.execute(sql("demo.insert_bags"), params)
        progress("bags", cursor.rowcount)


def _insert_scans(
    cursor: CursorWrapper, loads: int, extra: int, options: SeedOptions, progress: Progress
) -> None:
    windows = -(-options.scans // CHUNK_ROWS)
    first = 1
    for window in range(windows):
        params = {
            "from_share": window / windows,
            "to_share": (window + 1) / windows,
            "loads": loads,
            "extra": extra,
            "first_scan": first,
            "seed": options.seed,
        }
        cursor.execute(sql("demo.insert_scans"), params)
        first += cursor.rowcount
        progress("scans", cursor.rowcount)


def _create_indexes(cursor: CursorWrapper, pending: list[str], progress: Progress) -> None:
    while pending:
        progress(f"indexes and keys, {len(pending)} to go")
        cursor.execute(pending.pop(0))


def _reset_sequences(cursor: CursorWrapper) -> None:
    for statement in connection.ops.sequence_reset_sql(no_style(), [Batch, Bag, Scan]):
        cursor.execute(statement)
