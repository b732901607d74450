"""Recording of one scan: record_scan(). docs/recording-a-scan.md follows a scan through it."""

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
from scans.ledger import REGISTRATION_COLUMNS, REQUEST_COLUMNS
from scans.models import Outcome, Scan, Step
from scans.recording import undo
from scans.recording.rules import STEP_RULES, StepResult
from scans.recording.unit_of_work import StaleRead, UnitOfWork
from scans.scan_request import ScanRequest
from tracetrack.errors.problem import BadRow, Busy, Forbidden, Message
from tracetrack.events import emit

MAX_CLOCK_SKEW = timedelta(minutes=10)
MAX_ATTEMPTS = 5
REPLAYED = "replayed"
# SQLSTATEs after which a transaction is tried again: a deadlock, a lock that was held too long, and
# a code or ref that another transaction inserted meanwhile.
DEADLOCK, LOCK_TIMEOUT, UNIQUE_VIOLATION = "40P01", "55P03", "23505"
RETRYABLE = frozenset({DEADLOCK, LOCK_TIMEOUT, UNIQUE_VIOLATION})
# A single scan does not wait for a lock several times: the operator is waiting, too.
RETRY_IMMEDIATELY = RETRYABLE - {LOCK_TIMEOUT}


@dataclass(frozen=True, slots=True)
class ScanResult:
    """The result of a scan: applied, already or replayed; its row; the bags as they are now."""

    verdict: str
    scan: Scan
    bag: Bag
    # The parent whose count the response shows: the one entered, the current one, or the one left.
    parent: Bag | None


def record_scan(
    *, actor: User, scan_request: ScanRequest, now: datetime | None = None
) -> ScanResult:
    """Record one scan and its effects in a transaction, or raise the Problem that refuses it.

    A ref is recorded once: sent again with the same content, it gets the first result. Locks the
    bags, looks the ref up, applies the rules, writes, and emits ScanRecorded unless replayed.
    Raises Busy if other transactions interfere several times.
    """
    now = now or timezone.now()
    for _ in range(MAX_ATTEMPTS):
        try:
            with transaction.atomic():
                unit = UnitOfWork([scan_request], area_ids=visible_area_ids(actor))
                result = apply_scan(unit, scan_request, actor=actor, now=now)
                unit.save(commit=True)
                if result.verdict != REPLAYED:
                    emit(ScanRecorded(str(scan_request.ref), result.bag.code, scan_request.step))
                return result
        except StaleRead:
            continue
        except (OperationalError, IntegrityError) as error:
            # An upload inserts new codes without advisory locks, so they can collide here.
            if getattr(error.__cause__, "sqlstate", None) not in RETRY_IMMEDIATELY:
                raise
        except ChildElsewhere as problem:
            raise _with_link_facts(problem) from None
    raise Busy


def apply_scan(unit: UnitOfWork, request: ScanRequest, *, actor: User, now: datetime) -> ScanResult:
    """Apply `request` to the loaded bags and add its ledger rows to `unit`; write nothing.

    Raises the first Problem in the order of precedence.
    """
    area = unit.areas.get(request.area)
    if area is None:
        raise BadRow(field="area", reason=Message(AREA_UNKNOWN, area=request.area))
    if request.scanned_at > now + MAX_CLOCK_SKEW:
        minutes = int(MAX_CLOCK_SKEW.total_seconds() // 60)
        raise ClockAhead(scanned_at=request.scanned_at.isoformat(), minutes=minutes)
    if earlier := unit.scans_by_ref.get(request.ref):
        return _replayed_result(unit, request, earlier, actor)
    if not area.active:
        raise BadRow(field="area", reason=Message(AREA_INACTIVE, area=request.area))
    _check_permissions(unit, request, area, actor)
    _check_implicit_refs(unit, request)
    if request.step == Step.UNDO:
        result = undo.undo(unit, request, actor=actor, now=now)
    else:
        result = STEP_RULES[request.step](unit, request, area)
    scan = _ledger_row(request, result, area=area, actor=actor, now=now)
    registrations = [
        _registration_row(request, bag, area=area, actor=actor, now=now)
        for bag in result.registered
    ]
    unit.add_scans(*registrations, scan)
    parent = result.parent or result.bag.parent or result.left
    return ScanResult(result.outcome, scan, result.bag, parent)


def _replayed_result(
    unit: UnitOfWork, request: ScanRequest, earlier: Scan, actor: User
) -> ScanResult:
    """Return the result of an earlier scan with the same ref and content. Raises RefReused."""
    parent = earlier.parent.code if earlier.parent else None
    moment = earlier.scanned_at if request.has_scanned_at else None
    area = earlier.area.code
    content = (earlier.bag.code, parent, earlier.step, area, earlier.undoes_id, moment)
    if content != request.content:
        raise RefReused(ref=str(request.ref))
    # The actor gets their result even if the bag has left their areas since.
    own = earlier.actor_id == actor.pk
    bag = unit.bags[request.code] if own else unit.get_bag(request.code)
    return ScanResult(REPLAYED, earlier, bag, bag.parent)


def _check_permissions(unit: UnitOfWork, request: ScanRequest, area: Area, actor: User) -> None:
    # The area of a dispatch is the destination; that of any other step is where the actor is.
    if request.step != Step.DISPATCH and not unit.covers_area(area):
        raise AreaForbidden(area=area.code)
    if request.force and not actor.has_perm("scans.force_dispatch"):
        raise Forbidden(permission="scans.force_dispatch")


def _check_implicit_refs(unit: UnitOfWork, request: ScanRequest) -> None:
    # The refs of implicit registrations can be computed by a client and used for other scans.
    for code, ref in request.implicit_refs.items():
        if ref in unit.scans_by_ref and code not in unit.bags:
            raise RefReused(ref=str(ref))


def _ledger_row(
    request: ScanRequest, result: StepResult, *, area: Area, actor: User, now: datetime
) -> Scan:
    before = result.before
    return Scan(
        ref=request.ref,
        bag=result.bag,
        parent=result.parent,
        step=request.step,
        outcome=result.outcome,
        unexpected=result.unexpected,
        forced=result.forced,
        actor=actor,
        area=area,
        recorded_at=now,
        undoes_id=request.undoes,
        was_state=before.state if before else "",
        was_area=before.area if before else None,
        was_bound_for=before.bound_for if before else None,
        was_parent=before.parent if before else None,
        was_parent_state=before.parent_state if before else "",
        **{column: getattr(request, column) for column in REQUEST_COLUMNS},
    )


def _registration_row(
    request: ScanRequest, bag: Bag, *, area: Area, actor: User, now: datetime
) -> Scan:
    """Return the register row of a bag that another step created."""
    return Scan(
        ref=request.implicit_refs[bag.code],
        bag=bag,
        step=Step.REGISTER,
        outcome=Outcome.APPLIED,
        actor=actor,
        area=area,
        recorded_at=now,
        **{column: getattr(request, column) for column in REGISTRATION_COLUMNS},
    )


def _with_link_facts(problem: ChildElsewhere) -> ChildElsewhere:
    """Add to the problem since when, and by whom, the child has been in its parent."""
    link = (
        Scan.objects.filter(bag__code=problem.facts["bag"], outcome=Outcome.APPLIED)
        .filter(parent__code=problem.facts["parent"])
        .select_related("actor")
        .order_by("-pk")
        .first()
    )
    if link is None:
        return problem
    since = {"since": link.scanned_at.isoformat(), "by": link.actor.username}
    return ChildElsewhere(**problem.facts, **since)
