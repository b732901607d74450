"""The timeline of a bag: its own scans, and the moves of a parent while the bag was in it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from operator import attrgetter
from typing import Any, NamedTuple

from django.db import connection

from bags.models import Bag, Kind
from scans.models import EARLIEST, Outcome, Scan, Step
from scans.recording.transitions import ENTERING_STEPS, LEAVING_STEPS
from tracetrack.db.sql_files import sql

# SQL functions, so that PostgreSQL plans their statements once for each connection.
ROWS_BY_ID = "SELECT * FROM scans_rows_with_names(%s)"
ROWS_OF_BAG = "SELECT * FROM scans_rows_with_names(ARRAY(SELECT scans_ids_touching_bag(%s)))"
PARENT_MOVES = "SELECT * FROM scans_rows_with_names(ARRAY(SELECT scans_parent_moves(%s, %s, %s)))"
# The steps that put a child into a parent or take it out.
CONTAINMENT_STEPS = ENTERING_STEPS | LEAVING_STEPS
# An id above those of all scans, and a position behind all scans.
MAX_SCAN_ID = 2**63 - 1
END = (datetime(9999, 12, 31, tzinfo=UTC), MAX_SCAN_ID)


class ScanRow(NamedTuple):
    """A scan with the names of the rows it references; the columns of scans_rows_with_names().

    `undone_at` is when it was undone. `effective_step` is its step, or that of the scan it undoes,
    and `undone_was_parent_id` the parent that the bag left in that scan.
    """

    id: int
    ref: str
    step: str
    outcome: str
    unexpected: bool
    forced: bool
    code: str
    kind: str
    parent: str | None
    area: str
    station: str
    username: str
    scanned_at: datetime
    recorded_at: datetime
    note: str
    undoes: int | None
    undone_at: datetime | None
    bag_id: int
    parent_id: int | None
    was_parent_id: int | None
    effective_step: str
    undone_was_parent_id: int | None


# The fields that a timeline entry shows, named as in ScanSerializer.
JSON_FIELDS = ScanRow._fields[: ScanRow._fields.index("undone_at")]


@dataclass(frozen=True, slots=True)
class ParentPeriod:
    """A child was in `parent` between the scans with the ids `since` and `until`.

    `until` is MAX_SCAN_ID while it is.
    """

    parent: int
    since: int
    until: int


def timeline(bag: Bag) -> list[dict[str, Any]]:
    """Return all entries of a bag's timeline as JSON, in the order of `scanned_at`.

    The timeline of a child contains the moves of its parents while it was in them; `through` names
    the parent. Index: scan_of_bag. Index: scan_of_parent. Index: scan_out_of_parent.
    """
    own = _fetch(ROWS_OF_BAG, bag.pk)
    periods = parent_periods(own, bag.pk) if bag.kind == Kind.CHILD else []
    return timeline_entries(bag, [*own, *_parent_moves(periods)] if periods else own)


def latest_timeline(
    bag: Bag, *, before: int | None = None, limit: int
) -> tuple[list[dict[str, Any]], int | None]:
    """Return the latest entries of a bag's timeline, and the id of the scan to continue before.

    As timeline(), with bounded work: `limit` scans of the bag, and the moves of its parents in
    between. Only entries before the scan with the id `before` are returned; the second result is
    None if there are no more.
    """
    scanned_at, scan_id = _sort_key(before)
    params = {"bag": bag.pk, "before": scanned_at, "before_id": scan_id, "limit": limit + 1}
    found = _fetch_ids("scans.timeline_latest", params)
    own, more = found[-limit:], found[-limit].id if len(found) > limit else None
    moves = _parent_moves_between(own, bag, params, is_first_page=more is None)
    return timeline_entries(bag, [*own, *moves]), more


def rows_by_id(ids: Sequence[int]) -> list[ScanRow]:
    """Return the scans with these ids, in the order of `scanned_at`. Index: scans_scan_pkey."""
    return _fetch(ROWS_BY_ID, ids) if ids else []


def timeline_entries(
    bag: Bag, rows: Iterable[ScanRow], *, at: datetime = END[0]
) -> list[dict[str, Any]]:
    """Return scans as JSON entries of the timeline of `bag`, in the order of `scanned_at`.

    `undone` says whether the scan had been undone by the time `at`.
    """
    is_child = bag.kind == Kind.CHILD
    return [
        _scan_json(row)
        | {
            "undone": row.undone_at is not None and row.undone_at <= at,
            "through": row.code if is_child and row.bag_id != bag.pk else None,
        }
        for row in sorted(rows, key=attrgetter("scanned_at", "id"))
    ]


def parent_periods(rows: Iterable[ScanRow], child_id: int) -> list[ParentPeriod]:
    """Return the periods in which a child was in parents, from its own scans in any order."""
    found: list[ParentPeriod] = []
    current: tuple[int, int] | None = None
    for row in sorted(rows, key=attrgetter("id")):
        if row.bag_id != child_id or row.outcome != Outcome.APPLIED:
            continue
        if row.effective_step not in CONTAINMENT_STEPS:
            continue
        if current:
            found.append(ParentPeriod(*current, row.id))
        entered = row.parent_id if row.step in ENTERING_STEPS else None
        if row.step == Step.UNDO:
            entered = row.undone_was_parent_id
        current = (entered, row.id) if entered else None
    return [*found, ParentPeriod(*current, MAX_SCAN_ID)] if current else found


def _scan_json(row: ScanRow) -> dict[str, Any]:
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in zip(JSON_FIELDS, row, strict=False)
    }


def _fetch(statement: str, *params: Any) -> list[ScanRow]:
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        return [ScanRow._make(row) for row in cursor.fetchall()]


def _fetch_ids(name: str, params: dict[str, Any]) -> list[ScanRow]:
    """Return the scans whose ids the SQL file selects, in the order of `scanned_at`."""
    with connection.cursor() as cursor:
        cursor.execute(sql(name), params)
        return rows_by_id([pk for (pk,) in cursor.fetchall()])


def _parent_moves(periods: Sequence[ParentPeriod]) -> list[ScanRow]:
    """Return the scans that moved a parent during these periods. Index: scan_of_bag."""
    columns = zip(*((p.parent, p.since, p.until) for p in periods), strict=True)
    return _fetch(PARENT_MOVES, *(list(column) for column in columns))


def _sort_key(scan: int | None) -> tuple[datetime, int]:
    keys = Scan.objects.filter(pk=scan or 0).values_list("scanned_at", "id")
    return (keys.first() if scan else None) or END


def _parent_moves_between(
    own: Sequence[ScanRow], bag: Bag, params: dict[str, Any], *, is_first_page: bool
) -> list[ScanRow]:
    """Return the scans that moved the parents of a child within a page of its timeline.

    `is_first_page` if the page begins with the first scan of the child.
    """
    if bag.kind != Kind.CHILD or not own:
        return []
    periods = _parent_periods_of_page(own, bag)
    more = {
        "parents": [period.parent for period in periods],
        "since": [period.since for period in periods],
        "until": [period.until for period in periods],
        "after": EARLIEST if is_first_page else own[0].scanned_at,
    }
    return _fetch_ids("scans.timeline_parent_moves", params | more) if periods else []


def _parent_periods_of_page(own: Sequence[ScanRow], bag: Bag) -> list[ParentPeriod]:
    """Return the periods of a child in parents if earlier scans may be missing in `own`."""
    known = parent_periods(own, bag.pk)
    applied = [row for row in own if row.bag_id == bag.pk and row.outcome == Outcome.APPLIED]
    changes = (row for row in applied if row.effective_step in CONTAINMENT_STEPS)
    first = min(changes, key=attrgetter("id"), default=None)
    if first is None:
        in_parent = bag.parent_id and not known
        return [ParentPeriod(bag.parent_id or 0, 0, MAX_SCAN_ID)] if in_parent else known
    if first.was_parent_id is None:
        return known
    return [ParentPeriod(first.was_parent_id, 0, first.id), *known]
