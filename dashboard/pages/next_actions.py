"""What a page offers as the next step. Only an offer: whether it may be is decided by the scan."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import User
from bags.models import Bag, Kind
from dashboard.labels import STEPS

# What is done to a bag in this state when all is as expected, the likeliest first.
NEXT = {
    (Kind.PARENT, "open"): ["link", "complete"],
    (Kind.PARENT, "complete"): ["dispatch", "reopen"],
    (Kind.PARENT, "dispatched"): ["receive", "return"],
    (Kind.PARENT, "received"): ["return", "reopen"],
    (Kind.PARENT, "returned"): ["reopen"],
    (Kind.CHILD, "loose"): ["link", "return"],
    (Kind.CHILD, "linked"): ["move", "unlink", "return"],
    (Kind.CHILD, "returned"): ["link"],
}
DO = {
    "link": pgettext_lazy("to do", "Put into a parent"),
    "complete": _("Complete"),
    "dispatch": _("Dispatch"),
    "reopen": _("Reopen"),
    "receive": _("Receive"),
    "return": _("Take back"),
    "move": _("Move"),
    "unlink": _("Take out"),
    "inspect": _("Inspect"),
}
# A hold does not forbid these.
ON_HOLD = ("return", "inspect")


def next_steps(user: User, bag: Bag) -> list[dict[str, Any]]:
    """The steps that the rules allow a bag now, for who may scan: step, label, icon."""
    if not user.has_perm("scans.add_scan"):
        return []
    steps = [*NEXT.get((Kind(bag.kind), bag.state), []), "inspect"]
    if _held(bag):
        steps = [step for step in steps if step in ON_HOLD]
    steps = [step for step in steps if step not in _barred(bag)]
    return [{"step": step, "label": _label(step, bag), "icon": STEPS[step].icon} for step in steps]


def _held(bag: Bag) -> bool:
    lies_in = bag.parent.batch if bag.parent else None
    return any(batch.held for batch in (bag.batch, lies_in) if batch is not None)


def _barred(bag: Bag) -> set[str]:
    """Steps that fit the state, but not what is in the bag or around it. Index: bag_children."""
    if bag.kind == Kind.CHILD:
        gone = bag.parent is not None and bag.parent.state == "dispatched"
        return {"move", "unlink"} if gone else set()
    full = bag.child_count >= (bag.capacity or 0)
    barred = ({"link"} if full else set()) | ({"complete"} if not bag.child_count else set())
    if bag.state in ("complete", "dispatched"):
        held = Bag.objects.children_of(bag).filter(batch__held=True).exists()
        barred |= {"dispatch", "receive"} if held else set()
    return barred


def _label(step: str, bag: Bag) -> Any:
    return _("Put bags into it") if step == "link" and bag.kind == "parent" else DO[step]
