"""The word, the sign and the tone by which a step, a state or a kind is known on every screen."""

from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Sign:
    """A label, an icon of the sprite, and a colour; never the colour alone."""

    label: str
    icon: str
    tone: str


STEPS = {
    "register": Sign("Registered", "tag", "grey"),
    "link": Sign("Put into a parent", "link", "violet"),
    "unlink": Sign("Taken out", "unlink", "grey"),
    "move": Sign("Moved", "arrows-exchange", "violet"),
    "complete": Sign("Completed", "circle-check", "green"),
    "reopen": Sign("Reopened", "lock-open", "blue"),
    "dispatch": Sign("Dispatched", "truck-delivery", "amber"),
    "receive": Sign("Received", "building-warehouse", "teal"),
    "return": Sign("Returned", "corner-down-left", "red"),
    "inspect": Sign("Inspected", "eye", "grey"),
    "undo": Sign("Undone", "arrow-back-up", "red"),
}
STATES = {
    "open": Sign("Open", "lock-open", "blue"),
    "complete": Sign("Complete", "circle-check", "green"),
    "dispatched": Sign("Dispatched", "truck-delivery", "amber"),
    "received": Sign("Received", "building-warehouse", "teal"),
    "loose": Sign("Loose", "box", "grey"),
    "linked": Sign("Linked", "link", "violet"),
    "returned": Sign("Returned", "corner-down-left", "red"),
    "closed": Sign("Closed", "lock", "grey"),
    "held": Sign("On hold", "hand-stop", "red"),
}
KINDS = {
    "parent": Sign("Parent bag", "package", "green"),
    "child": Sign("Child bag", "box", "blue"),
}
UNKNOWN = Sign("Unknown", "info-circle", "grey")


def steps_as_json() -> dict[str, dict[str, str]]:
    """The signs of all steps, for the page's own script."""
    return {step: asdict(sign) for step, sign in STEPS.items()}
