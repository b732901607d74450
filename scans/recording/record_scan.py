"""record_scan(): the one way in which anything happens to a bag. docs/recording-a-scan.md draws it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError, OperationalError, transaction
from django.utils import timezone

from accounts.models import User
from bags.errors import ChildElsewhere
from bags.models import Area, Bag
from bags.querysets import user_areas
from scans.errors import AreaForbidden, ClockAhead, RefReused
from scans.events import ScanRecorded
from scans.models import Outcome, Scan, Step
from scans.recording import undo
from scans.recording.steps import STEPS, Done
from scans.recording.unit_of_work import Desk, Stale
from scans.scan_request import Entry
from tracetrack.errors.problem import BadRow, Busy, Forbidden, Problem
from tracetrack.events import emit

AHEAD = timedelta(minutes=10)
REPLAYED = "replayed"
TRIES = 5
# A deadlock, a lock that somebody holds for long, a code or ref that somebody claimed meanwhile:
# nothing is lost by trying again.
COLLISIONS = frozenset({"40P01", "55P03", "23505"})
# A scanner must not wait five times for a lock that is held for long.
AT_ONCE = COLLISIONS - {"55P03"}


@dataclass(frozen=True, slots=True)
class Recorded:
    """The answer to a scan: applied, already or replayed; its row; the bags as they are now."""

    verdict: str
    scan: Scan
    bag: Bag
    parent: Bag | None


def record_scan(*, actor: User, entry: Entry, now: datetime | None = None) -> Recorded:
    """Store one scan and all that follows from it, or raise the Problem that refuses it.

    The same `entry.ref` is stored once: sent again with the same content it gets the first answer.
    The order is fixed: lock, earlier try, refuse, write, emit.
    """
    now = now or timezone.now()
    for _ in range(TRIES):
        try:
            with transaction.atomic():
                desk = Desk([entry], areas=user_areas(actor))
                recorded = decide(desk, entry, actor=actor, now=now)
                desk.save(commit=True)
                if recorded.verdict != REPLAYED:
                    emit(ScanRecorded(str(entry.ref), recorded.bag.code, entry.step))
                return recorded
        except Stale:
            continue
        except (OperationalError, IntegrityError) as error:
            # An upload claims new codes by bringing them into being, without the advisory locks.
            if getattr(error.__cause__, "sqlstate", None) not in AT_ONCE:
                raise
        except ChildElsewhere as refusal:
            raise _explained(refusal) from None
    raise Busy


def decide(desk: Desk, entry: Entry, *, actor: User, now: datetime) -> Recorded:
    """What becomes of `entry`, on the bags in hand; writes nothing. Raises the first Problem."""
    area = desk.areas.get(entry.area)
    if area is None:
        raise BadRow(field="area", reason=f"there is no area {entry.area}")
    if entry.scanned_at > now + AHEAD:
        raise ClockAhead(scanned_at=entry.scanned_at.isoformat())
    if earlier := desk.earlier.get(entry.ref):
        return _replayed(desk, entry, earlier, actor)
    if not area.active:
        raise BadRow(field="area", reason=f"the area {entry.area} is switched off")
    _check_rights(desk, entry, area, actor)
    _check_births(desk, entry)
    if entry.step == Step.UNDO:
        done = undo.undo(desk, entry, actor=actor, now=now)
    else:
        done = STEPS[entry.step](desk, entry, area)
    scan = _row(entry, done, area=area, actor=actor, now=now)
    births = [_birth(entry, bag, area=area, actor=actor, now=now) for bag in done.registered]
    desk.record(*births, scan)
    return Recorded(done.outcome, scan, done.bag, done.parent or done.bag.parent or done.left)


def _replayed(desk: Desk, entry: Entry, earlier: Scan, actor: User) -> Recorded:
    parent = earlier.parent.code if earlier.parent else None
    moment = earlier.scanned_at if entry.timed else None
    place = earlier.area.code
    first = (earlier.bag.code, parent, earlier.step, place, earlier.undoes_id, moment)
    if first != entry.content:
        raise RefReused(ref=str(entry.ref))
    # Who scanned gets his answer even where the bag has left his areas since.
    bag = desk.bags[entry.code] if earlier.actor_id == actor.pk else desk.get(entry.code)
    return Recorded(REPLAYED, earlier, bag, bag.parent)


def _check_rights(desk: Desk, entry: Entry, area: Area, actor: User) -> None:
    # A dispatch names where the sack goes, everything else where the scanner stands.
    if entry.step != Step.DISPATCH and not desk.covers(area):
        raise AreaForbidden(area=area.code)
    if entry.force and not actor.has_perm("scans.force_dispatch"):
        raise Forbidden(permission="scans.force_dispatch")


def _check_births(desk: Desk, entry: Entry) -> None:
    # Whoever can guess a ref could claim the one that a new bag's register row will have.
    for code, ref in entry.births.items():
        if ref in desk.earlier and code not in desk.bags:
            raise RefReused(ref=str(ref))


def _row(entry: Entry, done: Done, *, area: Area, actor: User, now: datetime) -> Scan:
    was = done.was
    return Scan(
        ref=entry.ref,
        bag=done.bag,
        parent=done.parent,
        step=entry.step,
        outcome=done.outcome,
        unexpected=done.unexpected,
        forced=done.forced,
        actor=actor,
        area=area,
        station=entry.station,
        scanned_at=entry.scanned_at,
        recorded_at=now,
        note=entry.note,
        undoes_id=entry.undoes,
        was_state=was.state if was else "",
        was_area=was.area if was else None,
        was_bound_for=was.bound_for if was else None,
        was_parent=was.parent if was else None,
        was_parent_state=was.parent_state if was else "",
    )


def _birth(entry: Entry, bag: Bag, *, area: Area, actor: User, now: datetime) -> Scan:
    """The register row of a bag that another step brought into being."""
    return Scan(
        ref=entry.births[bag.code],
        bag=bag,
        step=Step.REGISTER,
        outcome=Outcome.APPLIED,
        actor=actor,
        area=area,
        station=entry.station,
        scanned_at=entry.scanned_at,
        recorded_at=now,
    )


def _explained(refusal: ChildElsewhere) -> Problem:
    """The refusal with what the operator wants to know: since when, and by whom."""
    entered = (
        Scan.objects.filter(bag__code=refusal.facts["bag"], outcome=Outcome.APPLIED)
        .filter(parent__code=refusal.facts["parent"])
        .select_related("actor")
        .order_by("-pk")
        .first()
    )
    if entered is None:
        return refusal
    since = {"since": entered.scanned_at.isoformat(), "by": entered.actor.username}
    return ChildElsewhere(**refusal.facts, **since)
