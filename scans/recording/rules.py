"""The rules of each step: when it is refused, and how it changes the loaded bags.

Each function checks first and changes afterwards, so that a refusal leaves the unit of work as it
was. The first failing check is reported; docs/recording-a-scan.md lists the checks in order. The
functions use no database. transitions.py lists the states in which each step applies.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from bags.errors import (
    KIND_REASONS,
    NEEDS_CHILD,
    NEEDS_PARENT,
    NEEDS_SACK,
    ONLY_CHILD_IN_SACK,
    OTHER_PRODUCT,
    BagUnknown,
    BatchHeld,
    ChildElsewhere,
    NotComplete,
    NotLinked,
    ParentComplete,
    ParentDispatched,
    ParentEmpty,
    ParentFull,
    WrongKind,
)
from bags.models import Area, Bag, BagType, Batch, Kind, State
from scans.models import Outcome, Step
from scans.recording.transitions import (
    STATE_AFTER_REMOVAL,
    STATE_WHEN_FILLED,
    TRANSITIONS,
    Transition,
    area_after,
    destination_after,
)
from scans.recording.unit_of_work import UnitOfWork
from scans.scan_request import ScanRequest
from tracetrack.errors.problem import Message

# The kind and the bag type of a bag, or of the bag that a new code would become.
Form = tuple[Kind, BagType]


@dataclass(slots=True, kw_only=True)
class Before:
    """The state of a bag before a step changed it, kept in the ledger row for undo."""

    state: str
    area: Area
    bound_for: Area | None
    parent: Bag | None
    parent_state: str

    @classmethod
    def of(cls, bag: Bag, parent: Bag | None = None) -> "Before":
        """Return the current state of `bag`, and of the parent that it leaves or enters."""
        return cls(
            state=bag.state,
            area=bag.area,
            bound_for=bag.bound_for,
            parent=bag.parent,
            parent_state=parent.state if parent else "",
        )


@dataclass(slots=True, kw_only=True)
class StepResult:
    """The result of a step, from which the ledger row is made."""

    bag: Bag
    # The parent that the ledger row names.
    parent: Bag | None = None
    outcome: Outcome = Outcome.APPLIED
    unexpected: bool = False
    forced: bool = False
    before: Before | None = None
    # Bags that the step created.
    registered: list[Bag] = field(default_factory=list)
    # The parent that the bag left; the response shows its count.
    left: Bag | None = None


# -- steps ------------------------------------------------------------------------------------


def register(unit: UnitOfWork, request: ScanRequest, area: Area) -> StepResult:
    """Create the bag. Raises BagUnknown if no bag type's pattern matches, WrongKind."""
    bag = unit.find_bag(request.code)
    if bag is not None:
        if request.kind not in (None, bag.kind):
            raise WrongKind(bag=bag.code, reason=Message(KIND_REASONS[bag.kind]))
        return StepResult(bag=bag, outcome=Outcome.ALREADY)
    form = unit.match_bag_type(request.code, request.kind)
    if form is None:
        raise BagUnknown(bag=request.code)
    return StepResult(bag=unit.create_bag(request.code, *form, area, unit.find_batch(request.lot)))


def link(unit: UnitOfWork, request: ScanRequest, area: Area) -> StepResult:
    """Put the child into the parent; create either if its code is new."""
    child, parent = unit.find_bag(request.code), unit.find_bag(request.parent_code or "")
    child_form, parent_form = check_forms(
        request,
        form_of(unit, child, request.code),
        form_of(unit, parent, request.parent_code),
    )
    if child is not None and child.parent is not None:
        if child.parent is parent:
            return StepResult(bag=child, parent=parent, outcome=Outcome.ALREADY)
        raise ChildElsewhere(bag=child.code, parent=child.parent.code)
    batch = unit.find_batch(request.lot) if child is None else child.batch
    check_not_held(batch_of(parent), batch)
    if parent is not None:
        check_room(parent)
    # Create the child first: its batch may refuse it, and then no parent may be created.
    registered = []
    if child is None:
        child = unit.create_bag(request.code, *child_form, area, batch)
        registered.append(child)
    if parent is None:
        parent = unit.create_bag(request.parent_code or "", *parent_form, area)
        registered.append(parent)
    before = Before.of(child, parent)
    add_child(unit, child, parent)
    return StepResult(bag=child, parent=parent, before=before, registered=registered)


def unlink(unit: UnitOfWork, request: ScanRequest, area: Area) -> StepResult:
    """Take the child out of its parent."""
    child = unit.get_bag(request.code)
    if child.kind != Kind.CHILD:
        raise WrongKind(bag=child.code, reason=Message(ONLY_CHILD_IN_SACK))
    parent = unit.require_loaded(child.parent) if child.parent else None
    check_not_held(child.batch, batch_of(parent))
    if parent is None or request.parent_code not in (None, parent.code):
        raise NotLinked(bag=child.code)
    check_may_leave(parent, TRANSITIONS[Step.UNLINK, Kind.CHILD])
    before = Before.of(child, parent)
    remove_child(unit, child)
    named = parent if request.parent_code else None
    return StepResult(bag=child, parent=named, before=before, left=parent)


def move(unit: UnitOfWork, request: ScanRequest, area: Area) -> StepResult:
    """Take the child out of its parent and put it into another."""
    child, parent = unit.get_bag(request.code), unit.get_bag(request.parent_code or "")
    check_forms(
        request,
        form_of(unit, child, request.code),
        form_of(unit, parent, request.parent_code),
    )
    if child.parent is parent:
        return StepResult(bag=child, parent=parent, outcome=Outcome.ALREADY)
    left = unit.require_loaded(child.parent) if child.parent else None
    check_not_held(parent.batch, child.batch, batch_of(left))
    if left is None:
        raise NotLinked(bag=child.code)
    check_may_leave(left, TRANSITIONS[Step.MOVE, Kind.CHILD])
    check_room(parent)
    before = Before.of(child, left)
    remove_child(unit, child)
    add_child(unit, child, parent)
    return StepResult(bag=child, parent=parent, before=before)


def complete(unit: UnitOfWork, request: ScanRequest, area: Area) -> StepResult:
    """Close the parent before it is full."""
    parent, transition = get_parent(unit, request), TRANSITIONS[Step.COMPLETE, Kind.PARENT]
    if parent.state in transition.already_in:
        return StepResult(bag=parent, outcome=Outcome.ALREADY)
    check_not_empty(parent)
    return change_parent(unit, parent, transition, area)


def reopen(unit: UnitOfWork, request: ScanRequest, area: Area) -> StepResult:
    """Open the parent for more children."""
    parent, transition = get_parent(unit, request), TRANSITIONS[Step.REOPEN, Kind.PARENT]
    if parent.state in transition.already_in:
        return StepResult(bag=parent, outcome=Outcome.ALREADY)
    if parent.state not in transition.applies_from:
        raise ParentDispatched(parent=parent.code)
    return change_parent(unit, parent, transition, area)


def dispatch(unit: UnitOfWork, request: ScanRequest, area: Area) -> StepResult:
    """Send the parent and its children to the area of the scan."""
    parent, transition = get_parent(unit, request), TRANSITIONS[Step.DISPATCH, Kind.PARENT]
    check_children_not_held(unit, parent)
    if parent.state in transition.already_in:
        return StepResult(bag=parent, outcome=Outcome.ALREADY)
    forced = parent.state in transition.forced_from
    if forced and not request.force:
        raise NotComplete(
            parent=parent.code,
            state=parent.state,
            count=parent.child_count,
            capacity=parent.capacity,
        )
    check_not_empty(parent)
    result = change_parent(unit, parent, transition, area)
    result.forced = forced
    return result


def receive(unit: UnitOfWork, request: ScanRequest, area: Area) -> StepResult:
    """Bring the parent and its children to the area of the scan."""
    parent, transition = get_parent(unit, request), TRANSITIONS[Step.RECEIVE, Kind.PARENT]
    check_children_not_held(unit, parent)
    if parent.state in transition.already_in:
        return StepResult(bag=parent, outcome=Outcome.ALREADY)
    return change_parent(unit, parent, transition, area)


def return_bag(unit: UnitOfWork, request: ScanRequest, area: Area) -> StepResult:
    """Take a parent with its children back, or a child, which leaves its parent."""
    bag = unit.get_bag(request.code)
    transition = TRANSITIONS[Step.RETURN, bag.kind]
    if bag.state in transition.already_in:
        return StepResult(bag=bag, outcome=Outcome.ALREADY)
    if bag.kind == Kind.PARENT:
        return change_parent(unit, bag, transition, area)
    parent = unit.require_loaded(bag.parent) if bag.parent else None
    before = Before.of(bag, parent)
    if parent is not None:
        remove_child(unit, bag)
    bag.state = transition.to_state or bag.state
    bag.area = area_after(transition, bag.area, area)
    bag.bound_for = destination_after(transition, bag.bound_for, area)
    unit.mark_changed(bag)
    return StepResult(bag=bag, before=before, left=parent)


def inspect(unit: UnitOfWork, request: ScanRequest, area: Area) -> StepResult:
    """Record that the bag was seen; nothing changes."""
    return StepResult(bag=unit.get_bag(request.code))


STEP_RULES: dict[str, Callable[[UnitOfWork, ScanRequest, Area], StepResult]] = {
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


# -- checks -----------------------------------------------------------------------------------


def form_of(unit: UnitOfWork, bag: Bag | None, code: str | None) -> Form | None:
    """Return the kind and type of a bag or of a new code, None if no pattern matches the code."""
    if bag is not None:
        return Kind(bag.kind), bag.bag_type
    return unit.match_bag_type(code or "")


def check_forms(request: ScanRequest, child: Form | None, parent: Form | None) -> tuple[Form, Form]:
    """Return both forms of a child and a parent of one bag type. Raises BagUnknown, WrongKind."""
    for code, form in ((request.code, child), (request.parent_code, parent)):
        if form is None:
            raise BagUnknown(bag=code)
    assert child is not None
    assert parent is not None
    if child[0] != Kind.CHILD:
        raise WrongKind(bag=request.code, reason=Message(NEEDS_CHILD))
    if parent[0] != Kind.PARENT:
        raise WrongKind(bag=request.parent_code, reason=Message(NEEDS_PARENT))
    if child[1].pk != parent[1].pk:
        types = {"bag_type": child[1].name, "sack_type": parent[1].name}
        raise WrongKind(
            WrongKind.wrong_product, bag=request.code, reason=Message(OTHER_PRODUCT, **types)
        )
    return child, parent


def get_parent(unit: UnitOfWork, request: ScanRequest) -> Bag:
    """Return the parent of a step on parents. Raises BagUnknown, WrongKind, BatchHeld."""
    parent = unit.get_bag(request.code)
    if parent.kind != Kind.PARENT:
        raise WrongKind(bag=parent.code, reason=Message(NEEDS_SACK))
    check_not_held(parent.batch)
    return parent


def batch_of(bag: Bag | None) -> Batch | None:
    """Return the batch of `bag`, None without a bag."""
    return bag.batch if bag is not None else None


def check_not_held(*batches: Batch | None) -> None:
    """Raise BatchHeld for the first of these batches that is on hold."""
    for batch in batches:
        if batch is not None and batch.held:
            raise BatchHeld(
                batch=batch.code,
                held_at=batch.held_at.isoformat() if batch.held_at else "",
                held_by=batch.held_by.username if batch.held_by else "",
                reason=batch.held_reason,
            )


def check_children_not_held(unit: UnitOfWork, parent: Bag) -> None:
    """Raise BatchHeld if a child in `parent` belongs to a held batch."""
    check_not_held(*(child.batch for child in unit.children_of(parent)))


def check_room(parent: Bag) -> None:
    """Raise ParentFull at capacity, ParentComplete if the parent is not open."""
    if parent.child_count >= (parent.capacity or 0):
        raise ParentFull(parent=parent.code, capacity=parent.capacity)
    if parent.state not in TRANSITIONS[Step.LINK, Kind.CHILD].enters:
        raise ParentComplete(parent=parent.code, state=parent.state)


def check_may_leave(parent: Bag, transition: Transition) -> None:
    """Raise ParentDispatched if a child may not leave a parent in this state."""
    if parent.state not in transition.leaves:
        raise ParentDispatched(parent=parent.code)


def check_not_empty(parent: Bag) -> None:
    """Raise ParentEmpty if the parent holds no children."""
    if not parent.child_count:
        raise ParentEmpty(parent=parent.code)


# -- effects ----------------------------------------------------------------------------------


def add_child(unit: UnitOfWork, child: Bag, parent: Bag) -> None:
    """Put `child` into `parent`: it gets the parent's area; count and weight of the parent grow."""
    child.parent, child.state = parent, State.LINKED
    child.area, child.bound_for = parent.area, parent.bound_for
    parent.child_count += 1
    parent.weight += child.weight
    if parent.child_count == parent.capacity:
        parent.state = STATE_WHEN_FILLED.get(State(parent.state), State(parent.state))
    unit.mark_changed(child, parent)


def remove_child(unit: UnitOfWork, child: Bag) -> None:
    """Take `child` out of its parent; a complete parent opens again."""
    parent = child.parent
    if parent is None:
        return
    child.parent, child.state, child.bound_for = None, State.LOOSE, None
    parent.child_count -= 1
    parent.weight -= child.weight
    parent.state = STATE_AFTER_REMOVAL.get(State(parent.state), State(parent.state))
    unit.mark_changed(child, parent)


def set_place(unit: UnitOfWork, parent: Bag, area: Area, bound_for: Area | None) -> None:
    """Give a parent and its children this area and destination."""
    for bag in (parent, *unit.children_of(parent)):
        bag.area, bag.bound_for = area, bound_for
        unit.mark_changed(bag)


def change_parent(unit: UnitOfWork, parent: Bag, transition: Transition, area: Area) -> StepResult:
    """Apply a transition to a parent; flag the result if its state was not expected."""
    before = Before.of(parent)
    parent.state = transition.to_state or parent.state
    unit.mark_changed(parent)
    if transition.moves_children:
        destination = destination_after(transition, parent.bound_for, area)
        set_place(unit, parent, area_after(transition, parent.area, area), destination)
    unexpected = before.state in transition.unexpected_from
    return StepResult(bag=parent, unexpected=unexpected, before=before)
