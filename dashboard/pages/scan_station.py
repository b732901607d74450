"""What the scan station must know before the first scan: steps, areas, patterns, its words."""

from dataclasses import asdict
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from accounts.models import User
from bags import errors as of_bags
from bags.models import Area, BagType
from bags.querysets import visible_area_ids
from dashboard.labels import STATES, STEPS
from dashboard.pages import language
from dashboard.pages.base import Asked, page
from dashboard.pages.next_actions import DO
from scans import errors as of_scans
from tracetrack.errors.problem import BadRow, Forbidden, Problem

OFFERED = (
    "link", "move", "unlink", "complete", "dispatch", "receive", "return", "inspect", "register",
    "reopen",
)  # fmt: skip
# What a scan at the station may be refused with. The API says it in English; people read it here.
REFUSALS: tuple[type[Problem], ...] = (
    of_bags.BadCode, of_bags.BagUnknown, of_bags.WrongKind, of_bags.ChildElsewhere,
    of_bags.BatchHeld, of_bags.BatchClosed, of_bags.BatchUnknown, of_bags.ParentFull,
    of_bags.ParentComplete, of_bags.ParentDispatched, of_bags.ParentEmpty, of_bags.NotComplete,
    of_bags.NotLinked, of_scans.ClockAhead, of_scans.AreaForbidden, of_scans.RefReused,
    BadRow, Forbidden,
)  # fmt: skip
# What the scripts of the station say, each under its key; `say()` in frame.js finds them.
TEXTS = {
    "goes": _("Where it goes"),
    "stands": _("Where you stand"),
    "choose": _("choose …"),
    "scan-parent-for": _("Scan the parent for {child}"),
    "scan-children": _("Scan the children of {parent}"),
    "scan-parent": _("Scan the parent"),
    "scan-label": _("Scan a label"),
    "not-sent": _("Not sent"),
    "no-area": _("Say first which area this is about."),
    "choose-area": _("Choose it above, then scan again."),
    "now-parent": _("This is the parent now."),
    "is-child": _("{code} is a child"),
    "child-takes-none": _("A child takes no bags."),
    "parent-first": _("Scan the parent first."),
    "not-kept": _("Not kept"),
    "no-room": _("This device has no room left."),
    "write-down": _("Write the code down and call the office."),
    "kept-network": _("Kept on this device; it is sent when the network is back."),
    "kept": _("Kept on this device; it is sent as soon as that is possible."),
    "count": _("{count}/{capacity} in {parent}"),
    "already": _("It was so already; nothing was changed"),
    "told": _("{code}: {what}."),
    "remain": _("{count} remain."),
    "since": _("Since {since}, by {by}."),
    "refused": _("Refused"),
    "not-recorded": _("{code} was not recorded."),
    "move-into": _("Move it into {parent}"),
    "complete": _("The parent is complete. Take the next one."),
    "online": _("Online"),
    "offline": _("Offline: scans are kept here"),
    "busy": _("The server is busy: trying again"),
    "signed-out": _("Signed out: log in to send"),
    "of-another": _("of {username}, who must log in to send it"),
    "seen": pgettext_lazy("noted", "Seen: {code}"),
}


def setup(user: User) -> dict[str, Any]:
    """As JSON: who scans, the steps, the user's areas, all areas (to dispatch to), the types."""
    everywhere = list(Area.objects.filter(active=True).order_by("name"))
    own = visible_area_ids(user)
    return {
        "username": user.username,
        "steps": [
            {"step": step} | asdict(STEPS[step]) | {"do": DO.get(step, _("Register"))}
            for step in OFFERED
        ],
        "areas": [_area(area) for area in everywhere if own is None or area.pk in own],
        "destinations": [_area(area) for area in everywhere],
        "texts": TEXTS,
        "refusals": {kind.code: _refusal(kind) for kind in REFUSALS},
        "reasons": language.reasons(),
        "states": {state: sign.label for state, sign in STATES.items()},
        "types": list(BagType.objects.values("parent_pattern", "child_pattern", "capacity")),
    }


def _refusal(kind: type[Problem]) -> dict[str, str]:
    return {"title": gettext(kind.detail), "remedy": gettext(kind.remedy)}


def _area(area: Area) -> dict[str, str]:
    return {"code": area.code, "name": area.name}


@require_safe
@page("scans.add_scan")
def scan(request: Asked) -> HttpResponse:
    """/scan: the scan station; station.js does the rest over the API."""
    return render(request, "pages/scan.html", {"setup": setup(request.user)})
