"""The way of a bag: its own scans, and what moved a parent while it lay in it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from operator import attrgetter
from typing import Any, NamedTuple

from django.db import connection

from bags.models import Bag, Kind
from scans.models import EARLIEST, Outcome, Scan, Step
from tracetrack.db.sql_files import sql

# Functions of the database, planned once for each connection: migrations/0011_told.py.
TOLD = "SELECT * FROM scans_rows_with_names(%s)"
WAY = "SELECT * FROM scans_rows_with_names(ARRAY(SELECT scans_ids_touching_bag(%s)))"
CARRIED = "SELECT * FROM scans_rows_with_names(ARRAY(SELECT scans_parent_moves(%s, %s, %s)))"
CONTAINING = (Step.LINK, Step.MOVE, Step.UNLINK, Step.RETURN)
# Later than every scan; behind which nothing lies.
NEVER = 2**63 - 1
END = (datetime(9999, 12, 31, tzinfo=UTC), NEVER)


class Told(NamedTuple):
    """A scan with the names of what it points to, in the order of scans_rows_with_names.

    `change` is its step, or that of what it undoes; `came_from` what that one took the bag out of.
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
    change: str
    came_from: int | None


@dataclass(frozen=True, slots=True)
class Stay:
    """A child lay in `parent` between two places of the ledger; `until` is NEVER while it does."""

    parent: int
    since: int
    until: int


def timeline(bag: Bag) -> list[dict[str, Any]]:
    """A bag's whole way, in the order of `scanned_at`.

    For a child also what moved a parent while it lay in it, with `through` naming that parent.
    Index: scan_of_bag. Index: scan_of_parent. Index: scan_out_of_parent.
    """
    own = _asked(WAY, bag.pk)
    lay = stays(own, bag.pk) if bag.kind == Kind.CHILD else []
    return stops(bag, [*own, *_carried(lay)] if lay else own)


def latest_timeline(
    bag: Bag, *, before: int | None = None, most: int
) -> tuple[list[dict[str, Any]], int | None]:
    """The latest part of a bag's way, in the order of `scanned_at`; the scan to go on from.

    As `timeline`, but the work is bounded however much happened: `most` scans of its own, with what
    moved its parents in between. `before` names the scan where the part ends.
    """
    place = _place(before)
    asked = {"bag": bag.pk, "before": place[0], "before_id": place[1], "most": most + 1}
    found = _named("scans.way_latest", asked)
    own, more = found[-most:], found[-most].id if len(found) > most else None
    return stops(bag, [*own, *_carried_meanwhile(own, bag, asked, whole=more is None)]), more


def told(ids: Sequence[int]) -> list[Told]:
    """The scans with these ids, in the order of `scanned_at`. Index: scans_scan_pkey."""
    return _asked(TOLD, ids) if ids else []


def stops(bag: Bag, scans: Iterable[Told], *, at: datetime = END[0]) -> list[dict[str, Any]]:
    """Scans on the way of `bag`, in the order of `scanned_at`, as they were known at an instant."""
    child = bag.kind == Kind.CHILD
    ordered = sorted(scans, key=attrgetter("scanned_at", "id"))
    return [
        {
            "id": scan.id,
            "ref": scan.ref,
            "step": scan.step,
            "outcome": scan.outcome,
            "unexpected": scan.unexpected,
            "forced": scan.forced,
            "code": scan.code,
            "kind": scan.kind,
            "parent": scan.parent,
            "area": scan.area,
            "station": scan.station,
            "username": scan.username,
            "scanned_at": scan.scanned_at.isoformat(),
            "recorded_at": scan.recorded_at.isoformat(),
            "note": scan.note,
            "undone": scan.undone_at is not None and scan.undone_at <= at,
            "undoes": scan.undoes,
            "through": scan.code if child and scan.bag_id != bag.pk else None,
        }
        for scan in ordered
    ]


def stays(scans: Iterable[Told], child: int) -> list[Stay]:
    """Where `child` lay, from its own scans, whatever their order."""
    found: list[Stay] = []
    inside: tuple[int, int] | None = None
    for scan in sorted(scans, key=attrgetter("id")):
        if scan.bag_id != child or scan.outcome != Outcome.APPLIED:
            continue
        if scan.change not in CONTAINING:
            continue
        if inside:
            found.append(Stay(*inside, scan.id))
        entered = scan.parent_id if scan.step in (Step.LINK, Step.MOVE) else None
        if scan.step == Step.UNDO:
            entered = scan.came_from
        inside = (entered, scan.id) if entered else None
    return [*found, Stay(*inside, NEVER)] if inside else found


def _asked(statement: str, *given: Any) -> list[Told]:
    with connection.cursor() as cursor:
        cursor.execute(statement, given)
        return [Told._make(row) for row in cursor.fetchall()]


def _named(name: str, asked: dict[str, Any]) -> list[Told]:
    """The scans that this SQL names, in the order of `scanned_at`."""
    with connection.cursor() as cursor:
        cursor.execute(sql(name), asked)
        return told([pk for (pk,) in cursor.fetchall()])


def _carried(lay: Sequence[Stay]) -> list[Told]:
    """What moved the parents of a child while it lay in them. Index: scan_of_bag."""
    columns = zip(*((stay.parent, stay.since, stay.until) for stay in lay), strict=True)
    return _asked(CARRIED, *(list(column) for column in columns))


def _place(scan: int | None) -> tuple[datetime, int]:
    places = Scan.objects.filter(pk=scan or 0).values_list("scanned_at", "id")
    return (places.first() if scan else None) or END


def _carried_meanwhile(
    own: Sequence[Told], bag: Bag, asked: dict[str, Any], *, whole: bool
) -> list[Told]:
    """What moved the parents of a child during a part of its way; `whole` if that is its first."""
    if bag.kind != Kind.CHILD or not own:
        return []
    lay = _lay_in(own, bag)
    given = {
        "parents": [stay.parent for stay in lay],
        "since": [stay.since for stay in lay],
        "until": [stay.until for stay in lay],
        "after": EARLIEST if whole else own[0].scanned_at,
    }
    return _named("scans.way_carried", asked | given) if lay else []


def _lay_in(own: Sequence[Told], bag: Bag) -> list[Stay]:
    """Where a child lay during a part of its way, of which the beginning may be missing."""
    known = stays(own, bag.pk)
    moving = [s for s in own if s.bag_id == bag.pk and s.outcome == Outcome.APPLIED]
    first = min((s for s in moving if s.step in CONTAINING), key=attrgetter("id"), default=None)
    if first is None:
        return [Stay(bag.parent_id, 0, NEVER)] if bag.parent_id and not known else known
    return [Stay(first.was_parent_id, 0, first.id), *known] if first.was_parent_id else known
