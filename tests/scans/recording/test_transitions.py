"""The transition table covers every step, kind of bag and state, and agrees with the rules."""

import pytest
from django.db import transaction

from bags.errors import BatchHeld
from bags.models import CHILD_STATES, PARENT_STATES, Bag, Kind, State
from scans.models import Step
from scans.recording.rules import STEP_RULES
from scans.recording.transitions import TRANSITIONS
from tests.environment import ROOT
from tests.factories import (
    assign_batch,
    child_codes,
    make_batch,
    make_loose_child,
    make_parent,
    scan,
)
from tracetrack.errors.problem import Problem

STATES = {Kind.PARENT: PARENT_STATES, Kind.CHILD: CHILD_STATES}
CASES = [
    (step, kind, state)
    for step, kind in TRANSITIONS
    if step != Step.REGISTER
    for state in STATES[kind]
]


def test_has_a_row_for_every_step_with_a_rule():
    assert {step for step, _ in TRANSITIONS} == set(STEP_RULES)


def test_lists_a_state_at_most_once_per_row():
    for transition in TRANSITIONS.values():
        groups = [
            transition.applies_from,
            transition.unexpected_from,
            transition.forced_from,
            transition.already_in,
        ]
        assert sum(map(len, groups)) == len(frozenset().union(*groups))


def state_names(states):
    """Return states as a cell of the documentation, in the order of their definition."""
    return ", ".join(f"`{state}`" for state in State if state in states) or "none"


def documented_rows():
    """Return the transition table as rows of Markdown."""
    for (step, kind), transition in TRANSITIONS.items():
        cells = [
            f"`{step}`",
            str(kind),
            state_names(transition.applies_from),
            state_names(transition.unexpected_from | transition.forced_from),
            state_names(transition.already_in),
            f"`{transition.to_state}`" if transition.to_state else "unchanged",
        ]
        yield f"| {' | '.join(cells)} |"


def test_is_documented():
    text = (ROOT / "docs" / "recording-a-scan.md").read_text(encoding="utf-8")
    section = text.partition("## States")[2].partition("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("| `")]

    assert rows == list(documented_rows())


def make_bag(actor, kind, state):
    """Return a bag in this state: a parent with two children, or a child."""
    parent = make_parent("SB10001", 2, actor=actor)
    child = Bag.objects.get(code=child_codes("SB10001", 1)[0])
    steps = {
        "complete": ["complete"],
        "dispatched": ["complete", "dispatch"],
        "received": ["receive"],
        "returned": ["return"],
        "loose": ["unlink"],
    }
    bag = parent if kind == Kind.PARENT else child
    for step in steps.get(state, []):
        scan(actor, step, bag.code)
    return Bag.objects.get(pk=bag.pk)


@pytest.mark.django_db
class TestEveryState:
    @pytest.mark.parametrize(("step", "kind", "state"), CASES)
    def test_gives_the_result_that_the_table_names(self, ben, step, kind, state):
        bag = make_bag(ben, kind, state)
        assert bag.state == state
        make_parent("SB10002", actor=ben)
        make_loose_child("CB900000001", actor=ben)
        transition = TRANSITIONS[step, kind]
        target = "SB10002" if step in (Step.LINK, Step.MOVE) else None

        try:
            with transaction.atomic():
                result = scan(ben, step, bag.code, target)
        except Problem:
            result = None

        if state in transition.already_in:
            assert result.verdict == "already"
        elif state in transition.applies_from | transition.unexpected_from:
            assert result.verdict == "applied"
            assert result.scan.unexpected == (state in transition.unexpected_from)
            assert result.bag.state == (transition.to_state or state)
        else:
            assert result is None

    @pytest.mark.parametrize(
        ("step", "kind", "state"),
        [case for case in CASES if case[2] in TRANSITIONS[case[:2]].applies_from],
    )
    def test_is_refused_on_hold_unless_the_table_allows_it(self, ben, step, kind, state):
        bag = make_bag(ben, kind, state)
        make_parent("SB10002", actor=ben)
        assign_batch(make_batch("LOT-H", held_by=ben), bag.code)
        target = "SB10002" if step in (Step.LINK, Step.MOVE) else None

        if TRANSITIONS[step, kind].allowed_on_hold:
            assert scan(ben, step, bag.code, target).verdict == "applied"
        else:
            with pytest.raises(BatchHeld):
                scan(ben, step, bag.code, target)

    @pytest.mark.parametrize("state", sorted(TRANSITIONS[Step.DISPATCH, Kind.PARENT].forced_from))
    def test_can_be_forced_if_the_table_says_so(self, ben, state):
        bag = make_bag(ben, Kind.PARENT, state)

        result = scan(ben, "dispatch", bag.code, force=True)

        assert (result.verdict, result.scan.forced, result.bag.state) == (
            "applied",
            True,
            "dispatched",
        )
