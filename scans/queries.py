"""Questions about what happened: a bag's way, the latest scans."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db import connection
from django.db.models import Q

from bags.filters import id_of
from bags.models import Area, Bag, Batch, Kind
from scans.models import EARLIEST, Outcome, Scan, Step
from scans.querysets import ScanQuerySet
from tracetrack.models import User
from tracetrack.sql import sql
from tracetrack.walking import Page, walk_columns

JOINED = ("bag", "parent", "area", "actor", "undoes")
# What the newest scans show, and where it comes from.
LATEST = {
    "id": "id",
    "timestamp": "scanned_at",
    "code": "bag__code",
    "kind": "bag__kind",
    "step": "step",
    "area": "area__code",
    "username": "actor__username",
    "outcome": "outcome",
}
# In the order of scans/sql/recall.sql.
RECALLED = (
    "record", "id", "code", "kind", "batch", "state", "area", "bound_for", "parent", "lots", "bags",
    "hands", "last_step", "last_area", "last_username", "last_scanned_at",
)  # fmt: skip
MOVING = (Step.DISPATCH, Step.RECEIVE, Step.RETURN)
# Before which everything lies.
END = (datetime(9999, 12, 31, tzinfo=UTC), 2**63 - 1)
CONTAINING = (Step.LINK, Step.MOVE, Step.UNLINK, Step.RETURN)


@dataclass(frozen=True, slots=True)
class Stay:
    """A child lay in `parent` between two places of the ledger; `until` is None while it does."""

    parent: int
    since: int
    until: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanFilters:
    """What narrows a stream of scans; None does not narrow. Names and codes, not ids."""

    step: str | None = None
    outcome: str | None = None
    area: str | None = None
    username: str | None = None


def all_scans(user: User, filters: ScanFilters) -> ScanQuerySet:
    """All scans that `user` sees and the filters mean.

    Index: scan_latest_in_area. Index: scan_latest_of_actor.
    """
    columns = {
        "step": filters.step,
        "outcome": filters.outcome,
        "area": id_of(Area, code=filters.area),
        "actor": id_of(User, username=filters.username),
    }
    given = {column: value for column, value in columns.items() if value is not None}
    return Scan.objects.visible_to(user).filter(**given)


def scans_walked(
    user: User, filters: ScanFilters, fields: Iterable[str] = LATEST, **place: Any
) -> Page:
    """A page of all scans that `user` sees and the filters mean.

    Index: scan_latest_in_area. Index: scan_latest_of_actor. Index: scan_of_rare_step.
    """
    columns = {name: LATEST[name] for name in fields}
    return walk_columns(all_scans(user, filters), columns, **place)


def timeline(bag: Bag) -> list[dict[str, Any]]:
    """A bag's whole way, in the order of `scanned_at`.

    For a child also what moved a parent while it lay in it, with `through` naming that parent.
    """
    own = list(Scan.objects.of(bag).select_related(*JOINED))
    carried = _carried(own, bag) if bag.kind == Kind.CHILD else []
    undone = {scan.undoes_id for scan in own} | {scan.undoes_id for scan in carried}
    rows = [stop(scan, undone, through=None) for scan in own]
    rows += [stop(scan, undone, through=scan.bag.code) for scan in carried]
    return sorted(rows, key=lambda row: (row["scanned_at"], row["id"]))


def latest_way(
    bag: Bag, *, before: int | None = None, most: int
) -> tuple[list[dict[str, Any]], int | None]:
    """The latest part of a bag's way, in the order of `scanned_at`; the scan to go on from.

    As `timeline`, but the work is bounded however much happened: `most` scans of its own, with what
    moved its parents in between. `before` names the scan where the part ends.
    """
    place = _place(before)
    asked = {"bag": bag.pk, "before": place[0], "before_id": place[1], "most": most + 1}
    found = _scans("scans.way_latest", asked)
    own, more = found[-most:], found[-most].pk if len(found) > most else None
    rows = [*own, *_carried_meanwhile(own, bag, asked, whole=more is None)]
    undone = set(Scan.objects.filter(undoes__in=rows).values_list("undoes", flat=True))
    mine = {scan.pk for scan in own}
    told = [stop(s, undone, through=None if s.pk in mine else s.bag.code) for s in rows]
    return sorted(told, key=lambda row: (row["scanned_at"], row["id"])), more


def latest(user: User, limit: int = 10, *, area: int | None = None) -> list[dict[str, Any]]:
    """The newest scans that `user` may see, newest first, of one area or of all.

    Index: scan_latest_in_area.
    """
    scans = Scan.objects.visible_to(user).latest_first()
    scans = scans if area is None else scans.filter(area=area)
    return [
        dict(zip(LATEST, (pk, at.isoformat(), *rest), strict=True))
        for pk, at, *rest in scans.values_list(*LATEST.values())[:limit]
    ]


def recall_page(user: User, batch: Batch, *, after: int | None, limit: int) -> list[dict[str, Any]]:
    """Up to `limit` bags of a lot behind the one with the id `after`, as a recall lists them.

    Index: bag_in_batch.
    """
    lot = Bag.objects.visible_to(user).in_batch(batch.pk).filter(id__gt=after or 0)
    ids = list(lot.values_list("id", flat=True)[:limit])
    with connection.cursor() as cursor:
        cursor.execute(sql("scans.recall"), {"bags": ids, "batch": batch.pk})
        return [dict(zip(RECALLED, row, strict=True)) for row in cursor.fetchall()]


def stays(scans: Iterable[Scan], child: int) -> list[Stay]:
    """Where `child` lay, from its own scans in the order in which they were accepted."""
    found: list[Stay] = []
    inside: tuple[int, int] | None = None
    for scan in sorted(scans, key=lambda scan: scan.pk):
        if scan.bag_id != child or scan.outcome != Outcome.APPLIED:
            continue
        change = scan.undoes if scan.step == Step.UNDO else scan
        if change is None or change.step not in CONTAINING:
            continue
        if inside:
            found.append(Stay(inside[0], inside[1], scan.pk))
        entered = scan.parent_id if scan.step in (Step.LINK, Step.MOVE) else None
        if scan.step == Step.UNDO:
            entered = change.was_parent_id
        inside = (entered, scan.pk) if entered else None
    return [*found, Stay(*inside, None)] if inside else found


def _carried(own: list[Scan], child: Bag) -> list[Scan]:
    """What moved the parents of `child` while it lay in them. Index: scan_of_bag."""
    meanwhile = Q()
    for stay in stays(own, child.pk):
        during = Q(bag=stay.parent, pk__gt=stay.since)
        meanwhile |= during if stay.until is None else during & Q(pk__lt=stay.until)
    if not meanwhile:
        return []
    moved = Q(step__in=MOVING) | Q(step=Step.UNDO, undoes__step__in=MOVING)
    return list(Scan.objects.filter(meanwhile, moved).select_related(*JOINED))


def _place(scan: int | None) -> tuple[datetime, int]:
    places = Scan.objects.filter(pk=scan or 0).values_list("scanned_at", "id")
    return (places.first() if scan else None) or END


def _scans(name: str, asked: dict[str, Any]) -> list[Scan]:
    """The scans that this SQL names, in the order of `scanned_at`. Index: scans_scan_pkey."""
    with connection.cursor() as cursor:
        cursor.execute(sql(name), asked)
        ids = [pk for (pk,) in cursor.fetchall()]
    found = Scan.objects.filter(pk__in=ids).select_related(*JOINED)
    return list(found.order_by("scanned_at", "id"))


def _carried_meanwhile(
    own: Sequence[Scan], bag: Bag, asked: dict[str, Any], *, whole: bool
) -> list[Scan]:
    """What moved the parents of a child during a part of its way; `whole` if that is its first."""
    if bag.kind != Kind.CHILD or not own:
        return []
    lay = _lay_in(own, bag)
    given = {
        "parents": [stay.parent for stay in lay],
        "since": [stay.since for stay in lay],
        "until": [END[1] if stay.until is None else stay.until for stay in lay],
        "after": EARLIEST if whole else own[0].scanned_at,
    }
    return _scans("scans.way_carried", asked | given) if lay else []


def _lay_in(own: Sequence[Scan], bag: Bag) -> list[Stay]:
    """Where a child lay during a part of its way, of which the beginning may be missing."""
    known = stays(own, bag.pk)
    moving = [s for s in own if s.bag_id == bag.pk and s.outcome == Outcome.APPLIED]
    first = min((s for s in moving if s.step in CONTAINING), key=lambda s: s.pk, default=None)
    if first is None:
        return [Stay(bag.parent_id, 0, None)] if bag.parent_id and not known else known
    return [Stay(first.was_parent_id, 0, first.pk), *known] if first.was_parent_id else known


def stop(scan: Scan, undone: Collection[int | None], *, through: str | None) -> dict[str, Any]:
    """One scan on a bag's way; `through` is the parent in which the bag lay meanwhile."""
    return {
        "id": scan.pk,
        "ref": str(scan.ref),
        "step": scan.step,
        "outcome": scan.outcome,
        "unexpected": scan.unexpected,
        "forced": scan.forced,
        "code": scan.bag.code,
        "kind": scan.bag.kind,
        "parent": scan.parent.code if scan.parent else None,
        "area": scan.area.code,
        "station": scan.station,
        "username": scan.actor.username,
        "scanned_at": scan.scanned_at.isoformat(),
        "recorded_at": scan.recorded_at.isoformat(),
        "note": scan.note,
        "undone": scan.pk in undone,
        "undoes": scan.undoes_id,
        "through": through,
    }
