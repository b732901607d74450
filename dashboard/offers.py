"""What a page offers as the next step. Only an offer: whether it may be is decided by the scan."""

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
    "link": "Put into a parent",
    "complete": "Complete",
    "dispatch": "Dispatch",
    "reopen": "Reopen",
    "receive": "Receive",
    "return": "Take back",
    "move": "Move",
    "unlink": "Take out",
    "inspect": "Inspect",
}
ON_HOLD = ["inspect", "return"]


def next_steps(user: User, bag: Bag) -> list[dict[str, str]]:
    """The steps that a bag is likely to take next, for who may scan: step, label, icon."""
    if not user.has_perm("scans.add_scan"):
        return []
    held = bag.batch is not None and bag.batch.held
    steps = ON_HOLD if held else NEXT.get(bag.state, [])
    if bag.state == "open" and not bag.child_count:
        steps = [step for step in steps if step != "complete"]
    return [{"step": step, "label": _label(step, bag), "icon": STEPS[step].icon} for step in steps]


def _label(step: str, bag: Bag) -> str:
    return "Put bags into it" if step == "link" and bag.kind == "parent" else DO[step]
