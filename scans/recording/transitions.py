"""The transition table: in which states of a bag each step applies, and what it changes.

The rules, the fast path, the point-in-time state and the next actions on pages read this table. The
ledger verification and the test oracle do not: they must find a mistake in it.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from bags import models
from bags.models import Kind, State
from scans.models import Step

T = TypeVar("T")
NO_STATES: frozenset[State] = frozenset()
PARENT_STATES, CHILD_STATES = frozenset(models.PARENT_STATES), frozenset(models.CHILD_STATES)
# The state of a parent that reaches its capacity, and of one that loses a child.
STATE_WHEN_FILLED = {State.OPEN: State.COMPLETE}
STATE_AFTER_REMOVAL = {State.COMPLETE: State.OPEN}


class Place(StrEnum):
    """The source of an area that a step assigns to a bag."""

    KEEP = "keep"
    SCAN = "scan"
    PARENT = "parent"
    CLEAR = "clear"


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """The effect of a step on bags of one kind.

    The step is applied to a bag in one of `applies_from`. It is applied and flagged `unexpected` in
    `unexpected_from`, applied with the right to force in `forced_from`, and has the outcome
    `already` in `already_in`. In other states it is refused.
    """

    applies_from: frozenset[State] = NO_STATES
    unexpected_from: frozenset[State] = NO_STATES
    forced_from: frozenset[State] = NO_STATES
    already_in: frozenset[State] = NO_STATES
    # None: the state does not change.
    to_state: State | None = None
    # `area` is where the bag is afterwards, `bound_for` its destination.
    area: Place = Place.KEEP
    bound_for: Place = Place.KEEP
    # Children in the parent get the same area and destination.
    moves_children: bool = False
    needs_children: bool = False
    # The states of a parent that a child may enter, and of one that it may leave.
    enters: frozenset[State] = NO_STATES
    leaves: frozenset[State] = NO_STATES
    # Bags of a held batch take part.
    allowed_on_hold: bool = False
    # The ledger row stores the state, area and destination before the step, for undo.
    stores_before: bool = True


TRANSITIONS: dict[tuple[str, str], Transition] = {
    (Step.REGISTER, Kind.PARENT): Transition(
        already_in=PARENT_STATES,
        to_state=State.OPEN,
        area=Place.SCAN,
        allowed_on_hold=True,
        stores_before=False,
    ),
    (Step.REGISTER, Kind.CHILD): Transition(
        already_in=CHILD_STATES,
        to_state=State.LOOSE,
        area=Place.SCAN,
        allowed_on_hold=True,
        stores_before=False,
    ),
    (Step.LINK, Kind.CHILD): Transition(
        applies_from=frozenset({State.LOOSE, State.RETURNED}),
        to_state=State.LINKED,
        area=Place.PARENT,
        bound_for=Place.PARENT,
        enters=frozenset({State.OPEN}),
    ),
    (Step.UNLINK, Kind.CHILD): Transition(
        applies_from=frozenset({State.LINKED}),
        to_state=State.LOOSE,
        bound_for=Place.CLEAR,
        leaves=PARENT_STATES - {State.DISPATCHED},
    ),
    (Step.MOVE, Kind.CHILD): Transition(
        applies_from=frozenset({State.LINKED}),
        to_state=State.LINKED,
        area=Place.PARENT,
        bound_for=Place.PARENT,
        enters=frozenset({State.OPEN}),
        leaves=PARENT_STATES - {State.DISPATCHED},
    ),
    (Step.COMPLETE, Kind.PARENT): Transition(
        applies_from=frozenset({State.OPEN}),
        already_in=PARENT_STATES - {State.OPEN},
        to_state=State.COMPLETE,
        needs_children=True,
    ),
    (Step.REOPEN, Kind.PARENT): Transition(
        applies_from=frozenset({State.COMPLETE, State.RECEIVED, State.RETURNED}),
        already_in=frozenset({State.OPEN}),
        to_state=State.OPEN,
    ),
    (Step.DISPATCH, Kind.PARENT): Transition(
        applies_from=frozenset({State.COMPLETE}),
        forced_from=frozenset({State.OPEN, State.RECEIVED, State.RETURNED}),
        already_in=frozenset({State.DISPATCHED}),
        to_state=State.DISPATCHED,
        bound_for=Place.SCAN,
        moves_children=True,
        needs_children=True,
    ),
    (Step.RECEIVE, Kind.PARENT): Transition(
        applies_from=frozenset({State.DISPATCHED}),
        unexpected_from=frozenset({State.OPEN, State.COMPLETE, State.RETURNED}),
        already_in=frozenset({State.RECEIVED}),
        to_state=State.RECEIVED,
        area=Place.SCAN,
        bound_for=Place.CLEAR,
        moves_children=True,
    ),
    (Step.RETURN, Kind.PARENT): Transition(
        applies_from=frozenset({State.DISPATCHED, State.RECEIVED}),
        unexpected_from=frozenset({State.OPEN, State.COMPLETE}),
        already_in=frozenset({State.RETURNED}),
        to_state=State.RETURNED,
        area=Place.SCAN,
        bound_for=Place.CLEAR,
        moves_children=True,
        allowed_on_hold=True,
    ),
    (Step.RETURN, Kind.CHILD): Transition(
        applies_from=frozenset({State.LOOSE, State.LINKED}),
        already_in=frozenset({State.RETURNED}),
        to_state=State.RETURNED,
        area=Place.SCAN,
        bound_for=Place.CLEAR,
        leaves=PARENT_STATES,
        allowed_on_hold=True,
    ),
    (Step.INSPECT, Kind.PARENT): Transition(
        applies_from=PARENT_STATES, allowed_on_hold=True, stores_before=False
    ),
    (Step.INSPECT, Kind.CHILD): Transition(
        applies_from=CHILD_STATES, allowed_on_hold=True, stores_before=False
    ),
}
ENTERING_STEPS = frozenset(step for (step, _), how in TRANSITIONS.items() if how.enters)
LEAVING_STEPS = frozenset(step for (step, _), how in TRANSITIONS.items() if how.leaves)
CHILDREN_FOLLOW_STEPS = frozenset(
    step for (step, _), how in TRANSITIONS.items() if how.moves_children
)
# A bag keeps its code permanently, and an undo is final.
NOT_UNDOABLE_STEPS = frozenset({Step.REGISTER, Step.UNDO})
# Steps on which no later scan depends.
INDEPENDENT_STEPS = NOT_UNDOABLE_STEPS | {Step.INSPECT}


def area_after(transition: Transition, current: T, scan: T) -> T:
    """Return where a parent is after a step: `current`, or the area of the scan."""
    return scan if transition.area == Place.SCAN else current


def destination_after(transition: Transition, current: T | None, scan: T) -> T | None:
    """Return the destination of a parent after a step."""
    if transition.bound_for == Place.KEEP:
        return current
    return scan if transition.bound_for == Place.SCAN else None
