"""record_scan(): the one way in which anything happens to a bag. docs/recording-a-scan.md draws it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError, OperationalError, transaction
from django.utils import timezone

from accounts.models import User
from bags.errors import ChildElsewhere
from bags.models import Area, Bag
from bags.querysets import visible_area_ids
from scans.errors import AREA_INACTIVE, AREA_UNKNOWN, AreaForbidden, ClockAhead, RefReused
from scans.events import ScanRecorded
from scans.models import Outcome, Scan, Step
from scans.recording import undo
from scans.recording.rules import STEPS, StepResult
from scans.recording.unit_of_work import StaleRead, UnitOfWork
from scans.scan_request import ScanRequest
from tracetrack.errors.problem import BadRow, Busy, Forbidden, Message, Problem
from tracetrack.events import emit

MAX_CLOCK_SKEW = timedelta(minutes=10)
REPLAYED = "replayed"
MAX_ATTEMPTS = 5
# A deadlock, a lock that somebody holds for long, a code or ref that somebody claimed meanwhile:
# nothing is lost by trying again.
RETRYABLE = frozenset({"40P01", "55P03", "23505"})
# A scanner must not wait five times for a lock that is held for long.
RETRY_IMMEDIATELY = RETRYABLE - {"55P03"}


@dataclass(frozen=True, slots=True)
class ScanResult:
    """The answer to a scan: applied, already or replayed; its row; the bags as they are now."""

    verdict: str
    scan: Scan
    bag: Bag
    parent: Bag | None


def record_scan(
    *, actor: User, scan_request: ScanRequest, now: datetime | None = None
) -> ScanResult:
    """Store one scan and all that follows from it, or raise the Problem that refuses it.

    The same `scan_request.ref` is stored once: sent again with the same content it gets the first answer.
    The order is fixed: lock, earlier try, refuse, write, emit.
    """
    now = now or timezone.now()
    for _ in range(MAX_ATTEMPTS):
        try:
            with transaction.atomic():
                unit = UnitOfWork([scan_request], areas=visible_area_ids(actor))
                recorded = apply_scan(unit, scan_request, actor=actor, now=now)
                unit.save(commit=True)
                if recorded.verdict != REPLAYED:
                    emit(ScanRecorded(str(scan_request.ref), recorded.bag.code, scan_request.step))
                return recorded
        except StaleRead:
            continue
        except (OperationalError, IntegrityError) as error:
            # An upload claims new codes by bringing them into being, without the advisory locks.
            if getattr(error.__cause__, "sqlstate", None) not in RETRY_IMMEDIATELY:
                raise
        except ChildElsewhere as refusal:
            raise _explained(refusal) from None
    raise Busy


def apply_scan(unit: UnitOfWork, request: ScanRequest, *, actor: User, now: datetime) -> ScanResult:
    """What becomes of `request`, on the bags in hand; writes nothing. Raises the first Problem."""
    area = unit.areas.get(request.area)
    if area is None:
        raise BadRow(field="area", reason=Message(AREA_UNKNOWN, area=request.area))
    if request.scanned_at > now + MAX_CLOCK_SKEW:
        raise ClockAhead(scanned_at=request.scanned_at.isoformat())
    if earlier := unit.earlier.get(request.ref):
        return _replayed(unit, request, earlier, actor)
    if not area.active:
        raise BadRow(field="area", reason=Message(AREA_INACTIVE, area=request.area))
    _check_rights(unit, request, area, actor)
    _check_births(unit, request)
    if request.step == Step.UNDO:
        done = undo.undo(unit, request, actor=actor, now=now)
    else:
        done = STEPS[request.step](unit, request, area)
    scan = _row(request, done, area=area, actor=actor, now=now)
    implicit_refs = [
        _birth(request, bag, area=area, actor=actor, now=now) for bag in done.registered
    ]
    unit.record(*implicit_refs, scan)
    return ScanResult(done.outcome, scan, done.bag, done.parent or done.bag.parent or done.left)


def _replayed(unit: UnitOfWork, request: ScanRequest, earlier: Scan, actor: User) -> ScanResult:
    parent = earlier.parent.code if earlier.parent else None
    moment = earlier.scanned_at if request.timed else None
    move_to = earlier.area.code
    first = (earlier.bag.code, parent, earlier.step, move_to, earlier.undoes_id, moment)
    if first != request.content:
        raise RefReused(ref=str(request.ref))
    # Who scanned gets his answer even where the bag has left his areas since.
    bag = unit.bags[request.code] if earlier.actor_id == actor.pk else unit.get(request.code)
    return ScanResult(REPLAYED, earlier, bag, bag.parent)


def _check_rights(unit: UnitOfWork, request: ScanRequest, area: Area, actor: User) -> None:
    # A dispatch names where the sack goes, everything else where the scanner stands.
    if request.step != Step.DISPATCH and not unit.covers(area):
        raise AreaForbidden(area=area.code)
    if request.force and not actor.has_perm("scans.force_dispatch"):
        raise Forbidden(permission="scans.force_dispatch")


def _check_births(unit: UnitOfWork, request: ScanRequest) -> None:
    # Whoever can guess a ref could claim the one that a new bag's register row will have.
    for code, ref in request.implicit_refs.items():
        if ref in unit.earlier and code not in unit.bags:
            raise RefReused(ref=str(ref))


def _row(request: ScanRequest, done: StepResult, *, area: Area, actor: User, now: datetime) -> Scan:
    was = done.was
    return Scan(
        ref=request.ref,
        bag=done.bag,
        parent=done.parent,
        step=request.step,
        outcome=done.outcome,
        unexpected=done.unexpected,
        forced=done.forced,
        actor=actor,
        area=area,
        station=request.station,
        scanned_at=request.scanned_at,
        recorded_at=now,
        note=request.note,
        undoes_id=request.undoes,
        was_state=was.state if was else "",
        was_area=was.area if was else None,
        was_bound_for=was.bound_for if was else None,
        was_parent=was.parent if was else None,
        was_parent_state=was.parent_state if was else "",
    )


def _birth(request: ScanRequest, bag: Bag, *, area: Area, actor: User, now: datetime) -> Scan:
    """The register row of a bag that another step brought into being."""
    return Scan(
        ref=request.implicit_refs[bag.code],
        bag=bag,
        step=Step.REGISTER,
        outcome=Outcome.APPLIED,
        actor=actor,
        area=area,
        station=request.station,
        scanned_at=request.scanned_at,
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
