"""The step `undo`: a scan that restores the state of a bag before an earlier scan."""

from datetime import datetime, timedelta

from django.db.models import Q

from accounts.models import User
from bags.errors import ReasonMissing
from bags.models import Bag, Kind
from scans.errors import AlreadyUndone, NotUndoable, ScanUnknown, UndoDepends, UndoNotAllowed
from scans.models import Outcome, Scan
from scans.recording.rules import (
    StepResult,
    add_child,
    check_children_not_held,
    check_not_held,
    remove_child,
    set_place,
)
from scans.recording.transitions import INDEPENDENT_STEPS, NOT_UNDOABLE_STEPS
from scans.recording.unit_of_work import UnitOfWork
from scans.scan_request import ScanRequest

# How long users may undo their own latest scan.
UNDO_WINDOW = timedelta(minutes=15)


def undo(unit: UnitOfWork, request: ScanRequest, *, actor: User, now: datetime) -> StepResult:
    """Restore the values that the scan `request.undoes` changed.

    Users may undo their own latest scan within UNDO_WINDOW; with the permission `undo_any_scan`
    any scan, another user's with a reason. Refused if a later scan depends on it, so that an undo
    always leaves the bags as if the scan had never been made.

    Raises ScanUnknown, NotUndoable, AlreadyUndone, ReasonMissing, UndoNotAllowed, BatchHeld,
    UndoDepends.
    """
    bag = unit.get_bag(request.code)
    target = unit.undo_targets.get(request.undoes or 0)
    if target is None or target.bag_id != bag.pk:
        raise ScanUnknown(scan=request.undoes, bag=bag.code)
    if target.step in NOT_UNDOABLE_STEPS:
        raise NotUndoable(step=target.step)
    if Scan.objects.undoing(target).exists():
        raise AlreadyUndone(scan=target.pk)
    _check_permission(request, target, actor=actor, now=now)
    parents = [unit.require_loaded(b) for b in (target.parent, target.was_parent) if b is not None]
    check_not_held(bag.batch, *(parent.batch for parent in parents))
    check_children_not_held(unit, bag)
    _check_no_dependent_scan(target)
    if target.outcome == Outcome.APPLIED and target.was_state:
        _restore(unit, bag, target)
    return StepResult(bag=bag, left=parents[0] if parents else None)


def _check_permission(request: ScanRequest, target: Scan, *, actor: User, now: datetime) -> None:
    if actor.has_perm("scans.undo_any_scan"):
        if target.actor_id != actor.pk and not request.note:
            raise ReasonMissing
        return
    latest = (
        Scan.objects.by(actor.pk)
        .exclude(step__in=NOT_UNDOABLE_STEPS)
        .not_undone()
        .values_list("pk", flat=True)
        .first()
    )
    if latest != target.pk or now - target.recorded_at > UNDO_WINDOW:
        raise UndoNotAllowed(minutes=int(UNDO_WINDOW.total_seconds() // 60))


def _check_no_dependent_scan(target: Scan) -> None:
    """Raise UndoDepends if a later applied scan changed one of the bags of `target`.

    Index: scan_of_bag. Index: scan_of_parent. Index: scan_out_of_parent.
    """
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
        .exclude(step__in=INDEPENDENT_STEPS)
        .not_undone()
        .order_by("-pk")
        .first()
    )
    if later is not None:
        raise UndoDepends(scan=target.pk, later=f"{later.step} ({later.pk})")


def _restore(unit: UnitOfWork, bag: Bag, target: Scan) -> None:
    """Give `bag` the state, place and parent that it had before `target`."""
    assert target.was_area is not None
    if bag.kind == Kind.PARENT:
        set_place(unit, bag, target.was_area, target.was_bound_for)
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
