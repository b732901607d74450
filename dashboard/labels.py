"""Labels, icons and colours of steps, states, kinds, roles and scopes on pages."""

from dataclasses import asdict, dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


@dataclass(frozen=True, slots=True)
class Label:
    """Text, icon and tone that are shown together, so that colour is never the only cue.

    icon: the id of a symbol in the icon sprite.
    tone: the suffix of a CSS class `tone-…`.
    """

    text: str | Promise
    icon: str
    tone: str


STEP_LABELS = {
    "register": Label(_("Registered"), "tag", "grey"),
    "link": Label(_("Packed into sack"), "link", "violet"),
    "unlink": Label(_("Taken out"), "unlink", "grey"),
    "move": Label(_("Moved"), "arrows-exchange", "violet"),
    "complete": Label(_("Completed"), "circle-check", "green"),
    "reopen": Label(_("Reopened"), "lock-open", "blue"),
    "dispatch": Label(_("Dispatched"), "truck-delivery", "amber"),
    "receive": Label(_("Received"), "building-warehouse", "teal"),
    "return": Label(_("Returned"), "corner-down-left", "red"),
    "inspect": Label(_("Inspected"), "eye", "grey"),
    "undo": Label(_("Undone"), "arrow-back-up", "red"),
}
ACTIONS = {
    "link": _("Pack into sack"),
    "complete": _("Complete"),
    "dispatch": _("Dispatch"),
    "reopen": _("Reopen"),
    "receive": _("Receive"),
    "return": _("Return"),
    "move": _("Move"),
    "unlink": _("Take out"),
    "inspect": _("Inspect"),
    "register": _("Register"),
}
STATES = {
    "open": Label(_("Open"), "lock-open", "blue"),
    "complete": Label(_("Complete"), "circle-check", "green"),
    "dispatched": Label(_("Dispatched"), "truck-delivery", "amber"),
    "received": Label(_("Received"), "building-warehouse", "teal"),
    "loose": Label(_("Loose"), "box", "grey"),
    "linked": Label(_("In sack"), "link", "violet"),
    "returned": Label(_("Returned"), "corner-down-left", "red"),
    "closed": Label(_("Closed"), "lock", "grey"),
    "held": Label(_("On hold"), "hand-stop", "red"),
}
KINDS = {
    "parent": Label(_("Sack"), "package", "green"),
    "child": Label(_("Bag"), "box", "blue"),
}
ROLES = {
    "administrator": _("Administrator"),
    "office": _("Office"),
    "operator": _("Operator"),
    "viewer": _("Viewer"),
    "integrator": _("Integrator"),
}
SCOPES = {"read": _("Read"), "scan": pgettext_lazy("to do", "Scan"), "manage": _("Manage")}
UNKNOWN = Label(_("Unknown"), "info-circle", "grey")


def steps_as_json() -> dict[str, dict[str, Any]]:
    """Return the labels of all steps for the scripts of a page."""
    return {step: asdict(label) for step, label in STEP_LABELS.items()}
