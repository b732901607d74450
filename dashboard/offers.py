"""What a page offers as the next step. Only an offer: whether it may be is decided by the scan."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from bags.models import Bag
from dashboard.signs import STEPS
from tracetrack.models import User

NEXT = {
    "open": ["link", "complete"],
    "complete": ["dispatch", "reopen"],
    "dispatched": ["receive", "return"],
    "received": ["return", "reopen"],
    "loose": ["link"],
    "linked": ["move", "unlink", "return"],
    "returned": ["inspect"],
}
DO = {
    "link": _("Put into a parent"),
    "complete": _("Complete"),
    "dispatch": _("Dispatch"),
    "reopen": _("Reopen"),
    "receive": _("Receive"),
    "return": _("Take back"),
    "move": _("Move"),
    "unlink": _("Take out"),
    "inspect": _("Inspect"),
}
ON_HOLD = ["inspect", "return"]


def next_steps(user: User, bag: Bag) -> list[dict[str, Any]]:
    """The steps that a bag is likely to take next, for who may scan: step, label, icon."""
    if not user.has_perm("scans.add_scan"):
        return []
    held = bag.batch is not None and bag.batch.held
    steps = ON_HOLD if held else NEXT.get(bag.state, [])
    if bag.state == "open" and not bag.child_count:
        steps = [step for step in steps if step != "complete"]
    return [{"step": step, "label": _label(step, bag), "icon": STEPS[step].icon} for step in steps]


def _label(step: str, bag: Bag) -> Any:
    return _("Put bags into it") if step == "link" and bag.kind == "parent" else DO[step]
