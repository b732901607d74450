"""What several steps ask before they change anything; each refuses with its Problem."""

from bags.errors import (
    NEEDS_CHILD,
    NEEDS_PARENT,
    NEEDS_SACK,
    OTHER_PRODUCT,
    BagUnknown,
    BatchHeld,
    ParentComplete,
    ParentDispatched,
    ParentFull,
    WrongKind,
)
from bags.models import Bag, BagType, Batch, Kind, State
from scans.recording.unit_of_work import UnitOfWork
from scans.scan_request import ScanRequest
from tracetrack.errors.problem import Message

Fits = tuple[Kind, BagType]


def fits_of(unit: UnitOfWork, bag: Bag | None, code: str | None) -> Fits | None:
    """Kind and type of a bag, or of what a new code would make; None where nothing fits."""
    return (Kind(bag.kind), bag.bag_type) if bag is not None else unit.fit(code or "")


def check_pair(request: ScanRequest, child: Fits | None, parent: Fits | None) -> tuple[Fits, Fits]:
    """Both, where a child of one type goes into a parent of it; BagUnknown, WrongKind otherwise."""
    for code, fits in ((request.code, child), (request.parent_code, parent)):
        if fits is None:
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


def free_parent(unit: UnitOfWork, request: ScanRequest) -> Bag:
    """The parent that the request names, not on hold; BagUnknown, WrongKind, BatchHeld otherwise."""
    parent = unit.get(request.code)
    if parent.kind != Kind.PARENT:
        raise WrongKind(bag=parent.code, reason=Message(NEEDS_SACK))
    check_not_held(parent.batch)
    return parent


def batch_of(bag: Bag | None) -> Batch | None:
    """The batch of a bag that may be none."""
    return bag.batch if bag is not None else None


def check_not_held(*batches: Batch | None) -> None:
    """BatchHeld for the first of these batches that is on hold."""
    for batch in batches:
        if batch is not None and batch.held:
            raise BatchHeld(
                batch=batch.code,
                held_at=batch.held_at.isoformat() if batch.held_at else "",
                held_by=batch.held_by.username if batch.held_by else "",
                reason=batch.held_reason,
            )


def check_contents(unit: UnitOfWork, parent: Bag) -> None:
    """BatchHeld where something in `parent`, that would go with it, is on hold."""
    check_not_held(*(child.batch for child in unit.children(parent)))


def check_room(parent: Bag) -> None:
    """ParentFull at capacity; ParentComplete where the parent is not open."""
    if parent.child_count >= (parent.capacity or 0):
        raise ParentFull(parent=parent.code, capacity=parent.capacity)
    if parent.state != State.OPEN:
        raise ParentComplete(parent=parent.code, state=parent.state)


def check_not_gone(parent: Bag) -> None:
    """ParentDispatched where the parent is on its way."""
    if parent.state == State.DISPATCHED:
        raise ParentDispatched(parent=parent.code)
