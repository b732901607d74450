"""Questions about what happened: a bag's way, the latest scans."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Q

from bags.filters import id_of
from bags.models import Area, Bag, Kind
from scans.models import Outcome, Scan, Step
from scans.querysets import ScanQuerySet
from tracetrack.models import User

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
MOVING = (Step.DISPATCH, Step.RECEIVE, Step.RETURN)
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


def latest(user: User, limit: int = 10) -> list[dict[str, Any]]:
    """The newest scans that `user` may see, newest first. Index: scan_latest_in_area."""
    scans = Scan.objects.visible_to(user).latest_first()
    return [
        dict(zip(LATEST, (pk, at.isoformat(), *rest), strict=True))
        for pk, at, *rest in scans.values_list(*LATEST.values())[:limit]
    ]


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
