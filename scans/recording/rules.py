"""What each step does to the bags in hand, and when it is refused: pure rules, no database.

Each function checks first and changes afterwards, so that a refusal leaves the unit as it was. The
order of the checks is the order of docs/errors.md: the first fault wins.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from bags.errors import (
    KIND_REASONS,
    ONLY_CHILD_IN_SACK,
    BagUnknown,
    ChildElsewhere,
    NotComplete,
    NotLinked,
    ParentEmpty,
    WrongKind,
)
from bags.models import Area, Bag, Kind, State
from scans.models import Outcome, Step
from scans.recording.checks import (
    batch_of,
    check_contents,
    check_not_gone,
    check_not_held,
    check_pair,
    check_room,
    fits_of,
    free_parent,
)
from scans.recording.containment import add_child, move_to, remove_child
from scans.recording.unit_of_work import UnitOfWork
from scans.scan_request import ScanRequest
from tracetrack.errors.problem import Message


@dataclass(slots=True, kw_only=True)
class Before:
    """What a bag was before a step changed it."""

    state: str
    area: Area
    bound_for: Area | None
    parent: Bag | None
    parent_state: str

    @classmethod
    def of(cls, bag: Bag, parent: Bag | None = None) -> "Before":
        """`bag` as it is now; `parent` is the one that it leaves or enters."""
        return cls(
            state=bag.state,
            area=bag.area,
            bound_for=bag.bound_for,
            parent=bag.parent,
            parent_state=parent.state if parent else "",
        )


@dataclass(slots=True, kw_only=True)
class StepResult:
    """What a step came to."""

    bag: Bag
    parent: Bag | None = None
    outcome: Outcome = Outcome.APPLIED
    unexpected: bool = False
    forced: bool = False
    was: Before | None = None
    registered: list[Bag] = field(default_factory=list)
    # The sack whose count the operator wants to see, where the bag no longer lies in it.
    left: Bag | None = None


def register(unit: UnitOfWork, request: ScanRequest, area: Area) -> StepResult:
    bag = unit.find(request.code)
    if bag is not None:
        if request.kind not in (None, bag.kind):
            raise WrongKind(bag=bag.code, reason=Message(KIND_REASONS[bag.kind]))
        return StepResult(bag=bag, outcome=Outcome.ALREADY)
    fits = unit.fit(request.code, request.kind)
    if fits is None:
        raise BagUnknown(bag=request.code)
    return StepResult(bag=unit.register(request.code, *fits, area, unit.lot(request.lot)))


def link(unit: UnitOfWork, request: ScanRequest, area: Area) -> StepResult:
    child, parent = unit.find(request.code), unit.find(request.parent_code or "")
    child_fits, parent_fits = check_pair(
        request, fits_of(unit, child, request.code), fits_of(unit, parent, request.parent_code)
    )
    if child is not None and child.parent is not None:
        if child.parent is parent:
            return StepResult(bag=child, parent=parent, outcome=Outcome.ALREADY)
        raise ChildElsewhere(bag=child.code, parent=child.parent.code)
    lot = unit.lot(request.lot) if child is None else None
    check_not_held(batch_of(parent), child.batch if child else lot)
    if parent is not None:
        check_room(parent)
    # The child first: its lot may refuse it, and then no sack may be left behind.
    registered = []
    if child is None:
        child = unit.register(request.code, *child_fits, area, lot)
        registered.append(child)
    if parent is None:
        parent = unit.register(request.parent_code or "", *parent_fits, area)
        registered.append(parent)
    was = Before.of(child, parent)
    add_child(unit, child, parent)
    return StepResult(bag=child, parent=parent, was=was, registered=registered)


def unlink(unit: UnitOfWork, request: ScanRequest, area: Area) -> StepResult:
    child = unit.get(request.code)
    if child.kind != Kind.CHILD:
        raise WrongKind(bag=child.code, reason=Message(ONLY_CHILD_IN_SACK))
    parent = unit.require_loaded(child.parent) if child.parent else None
    check_not_held(child.batch, batch_of(parent))
    if parent is None or request.parent_code not in (None, parent.code):
        raise NotLinked(bag=child.code)
    check_not_gone(parent)
    was = Before.of(child, parent)
    remove_child(unit, child)
    return StepResult(
        bag=child, parent=parent if request.parent_code else None, was=was, left=parent
    )


def move(unit: UnitOfWork, request: ScanRequest, area: Area) -> StepResult:
    child, parent = unit.get(request.code), unit.get(request.parent_code or "")
    check_pair(
        request, fits_of(unit, child, request.code), fits_of(unit, parent, request.parent_code)
    )
    if child.parent is parent:
        return StepResult(bag=child, parent=parent, outcome=Outcome.ALREADY)
    left = unit.require_loaded(child.parent) if child.parent else None
    check_not_held(parent.batch, child.batch, batch_of(left))
    if left is None:
        raise NotLinked(bag=child.code)
    check_not_gone(left)
    check_room(parent)
    was = Before.of(child, left)
    remove_child(unit, child)
    add_child(unit, child, parent)
    return StepResult(bag=child, parent=parent, was=was)


def complete(unit: UnitOfWork, request: ScanRequest, area: Area) -> StepResult:
    parent = free_parent(unit, request)
    if parent.state != State.OPEN:
        return StepResult(bag=parent, outcome=Outcome.ALREADY)
    if not parent.child_count:
        raise ParentEmpty(parent=parent.code)
    return _settle(unit, parent, state=State.COMPLETE)


def reopen(unit: UnitOfWork, request: ScanRequest, area: Area) -> StepResult:
    parent = free_parent(unit, request)
    if parent.state == State.OPEN:
        return StepResult(bag=parent, outcome=Outcome.ALREADY)
    check_not_gone(parent)
    return _settle(unit, parent, state=State.OPEN)


def dispatch(unit: UnitOfWork, request: ScanRequest, area: Area) -> StepResult:
    parent = free_parent(unit, request)
    check_contents(unit, parent)
    if parent.state == State.DISPATCHED:
        return StepResult(bag=parent, outcome=Outcome.ALREADY)
    forced = parent.state != State.COMPLETE and request.force
    if parent.state != State.COMPLETE and not forced:
        raise NotComplete(
            parent=parent.code,
            state=parent.state,
            count=parent.child_count,
            capacity=parent.capacity,
        )
    if not parent.child_count:
        raise ParentEmpty(parent=parent.code)
    done = _settle(unit, parent, state=State.DISPATCHED, bound_for=area)
    done.forced = forced
    return done


def receive(unit: UnitOfWork, request: ScanRequest, area: Area) -> StepResult:
    parent = free_parent(unit, request)
    check_contents(unit, parent)
    if parent.state == State.RECEIVED:
        return StepResult(bag=parent, outcome=Outcome.ALREADY)
    unexpected = parent.state != State.DISPATCHED
    done = _settle(unit, parent, state=State.RECEIVED, area=area)
    done.unexpected = unexpected
    return done


def return_bag(unit: UnitOfWork, request: ScanRequest, area: Area) -> StepResult:
    """The step `return`: a sack comes back with what lies in it; a child leaves its sack."""
    bag = unit.get(request.code)
    if bag.state == State.RETURNED:
        return StepResult(bag=bag, outcome=Outcome.ALREADY)
    if bag.kind == Kind.PARENT:
        unexpected = bag.state not in (State.DISPATCHED, State.RECEIVED)
        done = _settle(unit, bag, state=State.RETURNED, area=area)
        done.unexpected = unexpected
        return done
    parent = unit.require_loaded(bag.parent) if bag.parent else None
    was = Before.of(bag, parent)
    if parent is not None:
        remove_child(unit, bag)
    bag.state, bag.area, bag.bound_for = State.RETURNED, area, None
    unit.mark_changed(bag)
    return StepResult(bag=bag, was=was, left=parent)


def inspect(unit: UnitOfWork, request: ScanRequest, area: Area) -> StepResult:
    return StepResult(bag=unit.get(request.code))


STEPS: dict[str, Callable[[UnitOfWork, ScanRequest, Area], StepResult]] = {
    Step.REGISTER: register,
    Step.LINK: link,
    Step.UNLINK: unlink,
    Step.MOVE: move,
    Step.COMPLETE: complete,
    Step.REOPEN: reopen,
    Step.DISPATCH: dispatch,
    Step.RECEIVE: receive,
    Step.RETURN: return_bag,
    Step.INSPECT: inspect,
}


def _settle(
    unit: UnitOfWork,
    parent: Bag,
    *,
    state: State,
    area: Area | None = None,
    bound_for: Area | None = None,
) -> StepResult:
    was = Before.of(parent)
    parent.state = state
    unit.mark_changed(parent)
    if area is not None or bound_for is not None:
        move_to(unit, parent, area or parent.area, bound_for)
    return StepResult(bag=parent, was=was)
