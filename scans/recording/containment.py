"""Bags put into sacks, taken out and brought to areas: in hand, counted and weighed as they go."""

from bags.models import Area, Bag, State
from scans.recording.unit_of_work import Desk


def put(desk: Desk, child: Bag, parent: Bag) -> None:
    """Put `child` into `parent`: it takes the parent's place, the parent counts and weighs it."""
    child.parent, child.state = parent, State.LINKED
    child.area, child.bound_for = parent.area, parent.bound_for
    parent.child_count += 1
    parent.weight += child.weight
    if parent.child_count == parent.capacity and parent.state == State.OPEN:
        parent.state = State.COMPLETE
    desk.touch(child, parent)


def take(desk: Desk, child: Bag) -> None:
    """Take `child` out of its parent; a complete parent opens again."""
    parent = child.parent
    if parent is None:
        return
    child.parent, child.state, child.bound_for = None, State.LOOSE, None
    parent.child_count -= 1
    parent.weight -= child.weight
    if parent.state == State.COMPLETE:
        parent.state = State.OPEN
    desk.touch(child, parent)


def place(desk: Desk, parent: Bag, area: Area, bound_for: Area | None) -> None:
    """Bring a parent, and all that lies in it, to an area."""
    for bag in (parent, *desk.children(parent)):
        bag.area, bag.bound_for = area, bound_for
        desk.touch(bag)
