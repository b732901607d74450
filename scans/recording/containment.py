"""Bags add_child into sacks, taken out and brought to areas: in hand, counted and weighed as they go."""

from bags.models import Area, Bag, State
from scans.recording.unit_of_work import UnitOfWork


def add_child(unit: UnitOfWork, child: Bag, parent: Bag) -> None:
    """Put `child` into `parent`: it takes the parent's move_to, the parent counts and weighs it."""
    child.parent, child.state = parent, State.LINKED
    child.area, child.bound_for = parent.area, parent.bound_for
    parent.child_count += 1
    parent.weight += child.weight
    if parent.child_count == parent.capacity and parent.state == State.OPEN:
        parent.state = State.COMPLETE
    unit.mark_changed(child, parent)


def remove_child(unit: UnitOfWork, child: Bag) -> None:
    """Take `child` out of its parent; a complete parent opens again."""
    parent = child.parent
    if parent is None:
        return
    child.parent, child.state, child.bound_for = None, State.LOOSE, None
    parent.child_count -= 1
    parent.weight -= child.weight
    if parent.state == State.COMPLETE:
        parent.state = State.OPEN
    unit.mark_changed(child, parent)


def move_to(unit: UnitOfWork, parent: Bag, area: Area, bound_for: Area | None) -> None:
    """Bring a parent, and all that lies in it, to an area."""
    for bag in (parent, *unit.children(parent)):
        bag.area, bag.bound_for = area, bound_for
        unit.mark_changed(bag)
