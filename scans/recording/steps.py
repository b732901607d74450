"""What each step does to the bags in hand, and when it is refused: pure rules, no database.

Each function checks first and changes afterwards, so that a refusal leaves the desk as it was. The
order of the checks is the order of docs/errors.md: the first fault wins.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from bags.errors import BagUnknown, ChildElsewhere, NotComplete, NotLinked, ParentEmpty, WrongKind
from bags.models import Area, Bag, Kind, State
from scans.models import Outcome, Step
from scans.recording.checks import (
    batch_of,
    check_contents,
    check_holds,
    check_not_gone,
    check_pair,
    check_room,
    fits_of,
    free_parent,
)
from scans.recording.containment import place, put, take
from scans.recording.unit_of_work import Desk
from scans.scan_request import Entry


@dataclass(slots=True, kw_only=True)
class Was:
    """What a bag was before a step changed it."""

    state: str
    area: Area
    bound_for: Area | None
    parent: Bag | None
    parent_state: str

    @classmethod
    def of(cls, bag: Bag, parent: Bag | None = None) -> "Was":
        """`bag` as it is now; `parent` is the one that it leaves or enters."""
        return cls(
            state=bag.state,
            area=bag.area,
            bound_for=bag.bound_for,
            parent=bag.parent,
            parent_state=parent.state if parent else "",
        )


@dataclass(slots=True, kw_only=True)
class Done:
    """What a step came to."""

    bag: Bag
    parent: Bag | None = None
    outcome: Outcome = Outcome.APPLIED
    unexpected: bool = False
    forced: bool = False
    was: Was | None = None
    registered: list[Bag] = field(default_factory=list)
    # The sack whose count the operator wants to see, where the bag no longer lies in it.
    left: Bag | None = None


def register(desk: Desk, entry: Entry, area: Area) -> Done:
    bag = desk.find(entry.code)
    if bag is not None:
        if entry.kind not in (None, bag.kind):
            raise WrongKind(bag=bag.code, reason=f"it is a {bag.kind}")
        return Done(bag=bag, outcome=Outcome.ALREADY)
    fits = desk.fit(entry.code, entry.kind)
    if fits is None:
        raise BagUnknown(bag=entry.code)
    return Done(bag=desk.register(entry.code, *fits, area, desk.lot(entry.lot)))


def link(desk: Desk, entry: Entry, area: Area) -> Done:
    child, parent = desk.find(entry.code), desk.find(entry.parent_code or "")
    child_fits, parent_fits = check_pair(
        entry, fits_of(desk, child, entry.code), fits_of(desk, parent, entry.parent_code)
    )
    if child is not None and child.parent is not None:
        if child.parent is parent:
            return Done(bag=child, parent=parent, outcome=Outcome.ALREADY)
        raise ChildElsewhere(bag=child.code, parent=child.parent.code)
    lot = desk.lot(entry.lot) if child is None else None
    check_holds(batch_of(parent), child.batch if child else lot)
    if parent is not None:
        check_room(parent)
    # The child first: its lot may refuse it, and then no sack may be left behind.
    registered = []
    if child is None:
        child = desk.register(entry.code, *child_fits, area, lot)
        registered.append(child)
    if parent is None:
        parent = desk.register(entry.parent_code or "", *parent_fits, area)
        registered.append(parent)
    was = Was.of(child, parent)
    put(desk, child, parent)
    return Done(bag=child, parent=parent, was=was, registered=registered)


def unlink(desk: Desk, entry: Entry, area: Area) -> Done:
    child = desk.get(entry.code)
    if child.kind != Kind.CHILD:
        raise WrongKind(bag=child.code, reason="only a child lies in a sack")
    parent = desk.in_hand(child.parent) if child.parent else None
    check_holds(child.batch, batch_of(parent))
    if parent is None or entry.parent_code not in (None, parent.code):
        raise NotLinked(bag=child.code)
    check_not_gone(parent)
    was = Was.of(child, parent)
    take(desk, child)
    return Done(bag=child, parent=parent if entry.parent_code else None, was=was, left=parent)


def move(desk: Desk, entry: Entry, area: Area) -> Done:
    child, parent = desk.get(entry.code), desk.get(entry.parent_code or "")
    check_pair(entry, fits_of(desk, child, entry.code), fits_of(desk, parent, entry.parent_code))
    if child.parent is parent:
        return Done(bag=child, parent=parent, outcome=Outcome.ALREADY)
    left = desk.in_hand(child.parent) if child.parent else None
    check_holds(parent.batch, child.batch, batch_of(left))
    if left is None:
        raise NotLinked(bag=child.code)
    check_not_gone(left)
    check_room(parent)
    was = Was.of(child, left)
    take(desk, child)
    put(desk, child, parent)
    return Done(bag=child, parent=parent, was=was)


def complete(desk: Desk, entry: Entry, area: Area) -> Done:
    parent = free_parent(desk, entry)
    if parent.state != State.OPEN:
        return Done(bag=parent, outcome=Outcome.ALREADY)
    if not parent.child_count:
        raise ParentEmpty(parent=parent.code)
    return _settle(desk, parent, state=State.COMPLETE)


def reopen(desk: Desk, entry: Entry, area: Area) -> Done:
    parent = free_parent(desk, entry)
    if parent.state == State.OPEN:
        return Done(bag=parent, outcome=Outcome.ALREADY)
    check_not_gone(parent)
    return _settle(desk, parent, state=State.OPEN)


def dispatch(desk: Desk, entry: Entry, area: Area) -> Done:
    parent = free_parent(desk, entry)
    check_contents(desk, parent)
    if parent.state == State.DISPATCHED:
        return Done(bag=parent, outcome=Outcome.ALREADY)
    forced = parent.state != State.COMPLETE and entry.force
    if parent.state != State.COMPLETE and not forced:
        raise NotComplete(
            parent=parent.code,
            state=parent.state,
            count=parent.child_count,
            capacity=parent.capacity,
        )
    if not parent.child_count:
        raise ParentEmpty(parent=parent.code)
    done = _settle(desk, parent, state=State.DISPATCHED, bound_for=area)
    done.forced = forced
    return done


def receive(desk: Desk, entry: Entry, area: Area) -> Done:
    parent = free_parent(desk, entry)
    check_contents(desk, parent)
    if parent.state == State.RECEIVED:
        return Done(bag=parent, outcome=Outcome.ALREADY)
    unexpected = parent.state != State.DISPATCHED
    done = _settle(desk, parent, state=State.RECEIVED, area=area)
    done.unexpected = unexpected
    return done


def come_back(desk: Desk, entry: Entry, area: Area) -> Done:
    """The step `return`: a sack comes back with what lies in it; a child leaves its sack."""
    bag = desk.get(entry.code)
    if bag.state == State.RETURNED:
        return Done(bag=bag, outcome=Outcome.ALREADY)
    if bag.kind == Kind.PARENT:
        unexpected = bag.state not in (State.DISPATCHED, State.RECEIVED)
        done = _settle(desk, bag, state=State.RETURNED, area=area)
        done.unexpected = unexpected
        return done
    parent = desk.in_hand(bag.parent) if bag.parent else None
    was = Was.of(bag, parent)
    if parent is not None:
        take(desk, bag)
    bag.state, bag.area, bag.bound_for = State.RETURNED, area, None
    desk.touch(bag)
    return Done(bag=bag, was=was, left=parent)


def inspect(desk: Desk, entry: Entry, area: Area) -> Done:
    return Done(bag=desk.get(entry.code))


STEPS: dict[str, Callable[[Desk, Entry, Area], Done]] = {
    Step.REGISTER: register,
    Step.LINK: link,
    Step.UNLINK: unlink,
    Step.MOVE: move,
    Step.COMPLETE: complete,
    Step.REOPEN: reopen,
    Step.DISPATCH: dispatch,
    Step.RECEIVE: receive,
    Step.RETURN: come_back,
    Step.INSPECT: inspect,
}


def _settle(
    desk: Desk,
    parent: Bag,
    *,
    state: State,
    area: Area | None = None,
    bound_for: Area | None = None,
) -> Done:
    was = Was.of(parent)
    parent.state = state
    desk.touch(parent)
    if area is not None or bound_for is not None:
        place(desk, parent, area or parent.area, bound_for)
    return Done(bag=parent, was=was)
