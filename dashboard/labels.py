"""The word, the sign and the tone by which a step, a state or a kind is known on every screen."""

from dataclasses import asdict, dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


@dataclass(frozen=True, slots=True)
class Sign:
    """A label, an icon of the sprite, and a colour; never the colour alone."""

    label: str | Promise
    icon: str
    tone: str


STEPS = {
    "register": Sign(_("Registered"), "tag", "grey"),
    "link": Sign(_("Put into a parent"), "link", "violet"),
    "unlink": Sign(_("Taken out"), "unlink", "grey"),
    "move": Sign(_("Moved"), "arrows-exchange", "violet"),
    "complete": Sign(_("Completed"), "circle-check", "green"),
    "reopen": Sign(_("Reopened"), "lock-open", "blue"),
    "dispatch": Sign(_("Dispatched"), "truck-delivery", "amber"),
    "receive": Sign(_("Received"), "building-warehouse", "teal"),
    "return": Sign(_("Returned"), "corner-down-left", "red"),
    "inspect": Sign(_("Inspected"), "eye", "grey"),
    "undo": Sign(_("Undone"), "arrow-back-up", "red"),
}
STATES = {
    "open": Sign(_("Open"), "lock-open", "blue"),
    "complete": Sign(_("Complete"), "circle-check", "green"),
    "dispatched": Sign(_("Dispatched"), "truck-delivery", "amber"),
    "received": Sign(_("Received"), "building-warehouse", "teal"),
    "loose": Sign(_("Loose"), "box", "grey"),
    "linked": Sign(_("Linked"), "link", "violet"),
    "returned": Sign(_("Returned"), "corner-down-left", "red"),
    "closed": Sign(_("Closed"), "lock", "grey"),
    "held": Sign(_("On hold"), "hand-stop", "red"),
}
KINDS = {
    "parent": Sign(_("Parent bag"), "package", "green"),
    "child": Sign(_("Child bag"), "box", "blue"),
}
KIND_WORDS = {"parent": _("Parent"), "child": _("Child")}
ROLES = {
    "administrator": _("Administrator"),
    "office": _("Office"),
    "operator": _("Operator"),
    "viewer": _("Viewer"),
    "integrator": _("Integrator"),
}
SCOPES = {"read": _("Read"), "scan": pgettext_lazy("to do", "Scan"), "manage": _("Manage")}
UNKNOWN = Sign(_("Unknown"), "info-circle", "grey")


def steps_as_json() -> dict[str, dict[str, Any]]:
    """The signs of all steps, for the page's own script."""
    return {step: asdict(sign) for step, sign in STEPS.items()}
