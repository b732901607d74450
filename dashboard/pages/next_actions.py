"""The steps that the page of a bag offers next. Recording a scan checks the rules again."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.models import User
from bags.models import Bag, Kind
from dashboard.labels import ACTIONS, STEP_LABELS
from scans.models import Step
from scans.recording.transitions import TRANSITIONS, Transition

# In the order of display. `register` is missing: the bag exists. `undo` is offered in the timeline.
OFFERED_STEPS = (
    Step.LINK, Step.MOVE, Step.UNLINK, Step.COMPLETE, Step.DISPATCH, Step.RECEIVE, Step.RETURN,
    Step.REOPEN, Step.INSPECT,
)  # fmt: skip


def next_actions(user: User, bag: Bag) -> list[dict[str, Any]]:
    """Return step, text and icon of the steps that `user` may record for `bag` now.

    The steps are those that the transition table applies in the state of the bag, without those
    that have to be forced, those that are flagged as unexpected and those that a hold prevents.
    """
    if not user.has_perm("scans.add_scan"):
        return []
    transitions = _applicable_transitions(bag)
    if _is_on_hold(bag):
        transitions = {s: how for s, how in transitions.items() if how.allowed_on_hold}
    elif any(_is_refused_with_held_children(how) for how in transitions.values()):
        transitions = _remove_refused_steps(bag, transitions)
    return [
        {"step": step, "text": _action_text(step, bag), "icon": STEP_LABELS[step].icon}
        for step in transitions
    ]


def _applicable_transitions(bag: Bag) -> dict[Step, Transition]:
    found = {}
    for step in OFFERED_STEPS:
        # Linking is offered for the parent as well, although it changes the child.
        is_link_into = step == Step.LINK and bag.kind == Kind.PARENT
        transition = TRANSITIONS.get((step, Kind.CHILD if is_link_into else bag.kind))
        if transition is None:
            continue
        if _can_enter(bag, transition) if is_link_into else _is_applicable(bag, transition):
            found[step] = transition
    return found


def _can_enter(parent: Bag, transition: Transition) -> bool:
    return parent.state in transition.enters and parent.child_count < (parent.capacity or 0)


def _is_applicable(bag: Bag, transition: Transition) -> bool:
    if transition.needs_children and not bag.child_count:
        return False
    if transition.leaves and bag.parent is not None and bag.parent.state not in transition.leaves:
        return False
    return bag.state in transition.applies_from


def _is_on_hold(bag: Bag) -> bool:
    parent_batch = bag.parent.batch if bag.parent else None
    return any(batch.held for batch in (bag.batch, parent_batch) if batch is not None)


def _is_refused_with_held_children(transition: Transition) -> bool:
    return transition.moves_children and not transition.allowed_on_hold


def _remove_refused_steps(bag: Bag, transitions: dict[Step, Transition]) -> dict[Step, Transition]:
    """Remove the steps that a held child prevents, if `bag` has one. Index: bag_children."""
    if not Bag.objects.children_of(bag).filter(batch__held=True).exists():
        return transitions
    return {s: how for s, how in transitions.items() if not _is_refused_with_held_children(how)}


def _action_text(step: Step, bag: Bag) -> Any:
    return _("Pack this sack") if step == Step.LINK and bag.kind == Kind.PARENT else ACTIONS[step]
