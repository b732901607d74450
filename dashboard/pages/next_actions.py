"""The steps that the page of a bag offers next. Recording a scan checks the rules again."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.models import User
from bags.models import Bag, Kind
from dashboard.labels import ACTIONS, STEPS

# The usual steps by kind and state, the most likely first.
USUAL_STEPS = {
    (Kind.PARENT, "open"): ["link", "complete"],
    (Kind.PARENT, "complete"): ["dispatch", "reopen"],
    (Kind.PARENT, "dispatched"): ["receive", "return"],
    (Kind.PARENT, "received"): ["return", "reopen"],
    (Kind.PARENT, "returned"): ["reopen"],
    (Kind.CHILD, "loose"): ["link", "return"],
    (Kind.CHILD, "linked"): ["move", "unlink", "return"],
    (Kind.CHILD, "returned"): ["link"],
}
STEPS_ON_HOLD = ("return", "inspect")


def next_actions(user: User, bag: Bag) -> list[dict[str, Any]]:
    """Return step, text and icon of the steps that `user` may record for `bag` now."""
    if not user.has_perm("scans.add_scan"):
        return []
    steps = [*USUAL_STEPS.get((Kind(bag.kind), bag.state), []), "inspect"]
    if _is_on_hold(bag):
        steps = [step for step in steps if step in STEPS_ON_HOLD]
    blocked = _blocked_steps(bag)
    return [
        {"step": step, "text": _action_text(step, bag), "icon": STEPS[step].icon}
        for step in steps
        if step not in blocked
    ]


def _is_on_hold(bag: Bag) -> bool:
    sack_batch = bag.parent.batch if bag.parent else None
    return any(batch.held for batch in (bag.batch, sack_batch) if batch is not None)


def _blocked_steps(bag: Bag) -> set[str]:
    """Return steps that the state allows but the sack or its contents do not.

    Index: bag_children.
    """
    if bag.kind == Kind.CHILD:
        is_away = bag.parent is not None and bag.parent.state == "dispatched"
        return {"move", "unlink"} if is_away else set()
    is_full = bag.child_count >= (bag.capacity or 0)
    blocked = ({"link"} if is_full else set()) | ({"complete"} if not bag.child_count else set())
    if bag.state in ("complete", "dispatched"):
        has_held_bags = Bag.objects.children_of(bag).filter(batch__held=True).exists()
        blocked |= {"dispatch", "receive"} if has_held_bags else set()
    return blocked


def _action_text(step: str, bag: Bag) -> Any:
    return _("Pack this sack") if step == "link" and bag.kind == "parent" else ACTIONS[step]
