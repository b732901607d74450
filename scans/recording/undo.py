"""The step `undo`: a scan that compensates an earlier one, as if that had not been."""

from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q

from accounts.models import User
from bags.errors import ReasonMissing
from bags.models import Bag, Kind
from scans.errors import AlreadyUndone, NotUndoable, ScanUnknown, UndoDepends, UndoNotAllowed
from scans.models import Outcome, Scan, Step
from scans.recording.checks import check_contents, check_not_held
from scans.recording.containment import add_child, move_to, remove_child
from scans.recording.rules import StepResult
from scans.recording.unit_of_work import UnitOfWork
from scans.scan_request import ScanRequest

UNDO_WINDOW = timedelta(minutes=15)
NEVER_UNDONE = (Step.REGISTER, Step.UNDO)
# What these did to a sack does not depend on what was undone.
HARMLESS = (Step.REGISTER, Step.INSPECT, Step.UNDO)
FILLING = (Step.LINK, Step.UNLINK, Step.MOVE)


def undo(unit: UnitOfWork, request: ScanRequest, *, actor: User, now: datetime) -> StepResult:
    """Put back what the scan `request.undoes` changed.

    The actor's own latest scan within 15 minutes; any scan for whoever may, with a reason. Refused
    where a later scan builds on it: undoing is always the same as never having scanned.
    """
    bag = unit.get(request.code)
    target = unit.targets.get(request.undoes or 0)
    if target is None or target.bag_id != bag.pk:
        raise ScanUnknown(scan=request.undoes, bag=bag.code)
    if target.step in NEVER_UNDONE:
        raise NotUndoable(step=target.step)
    if Scan.objects.undoing(target).exists():
        raise AlreadyUndone(scan=target.pk)
    _check_right(request, target, actor=actor, now=now)
    involved = [unit.require_loaded(b) for b in (target.parent, target.was_parent) if b is not None]
    check_not_held(bag.batch, *(parent.batch for parent in involved))
    check_contents(unit, bag)
    _check_nothing_later(target)
    if target.outcome == Outcome.APPLIED and target.was_state:
        _restore(unit, bag, target)
    return StepResult(bag=bag, left=involved[0] if involved else None)


def _check_right(request: ScanRequest, target: Scan, *, actor: User, now: datetime) -> None:
    if actor.has_perm("scans.undo_any_scan"):
        if target.actor_id != actor.pk and not request.note:
            raise ReasonMissing
        return
    latest = (
        Scan.objects.by(actor.pk)
        .exclude(step__in=NEVER_UNDONE)
        .exclude(Exists(Scan.objects.filter(undoes=OuterRef("pk"))))
        .values_list("pk", flat=True)
        .first()
    )
    if latest != target.pk or now - target.recorded_at > UNDO_WINDOW:
        raise UndoNotAllowed(minutes=int(UNDO_WINDOW.total_seconds() // 60))


def _check_nothing_later(target: Scan) -> None:
    """Index: scan_of_bag. Index: scan_of_parent. Index: scan_out_of_parent."""
    depends = Q(bag=target.bag_id)
    if target.bag.kind == Kind.PARENT:
        depends |= Q(parent=target.bag_id) | Q(was_parent=target.bag_id)
    if target.parent_id is not None:
        depends |= Q(bag=target.parent_id)
    if target.was_parent_id is not None:
        left = target.was_parent_id
        depends |= Q(bag=left) | Q(parent=left) | Q(was_parent=left)
    later = (
        Scan.objects.filter(depends, pk__gt=target.pk, outcome=Outcome.APPLIED)
        .exclude(step__in=HARMLESS)
        .exclude(Exists(Scan.objects.filter(undoes=OuterRef("pk"))))
        .order_by("-pk")
        .first()
    )
    if later is not None:
        raise UndoDepends(scan=target.pk, later=f"{later.step} ({later.pk})")


def _restore(unit: UnitOfWork, bag: Bag, target: Scan) -> None:
    assert target.was_area is not None
    if bag.kind == Kind.PARENT:
        move_to(unit, bag, target.was_area, target.was_bound_for)
        bag.state = target.was_state or bag.state
        return
    remove_child(unit, bag)
    if target.was_parent is not None:
        parent = unit.require_loaded(target.was_parent)
        add_child(unit, bag, parent)
        parent.state = target.was_parent_state or parent.state
    bag.area, bag.bound_for = target.was_area, target.was_bound_for
    bag.state = target.was_state or bag.state
    unit.mark_changed(bag)
