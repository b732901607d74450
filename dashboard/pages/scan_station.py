"""The scan station: the page, and the data that its scripts need before the first scan."""

from dataclasses import asdict
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from accounts.models import User
from bags import errors as bag_errors
from bags.models import Area, BagType
from bags.querysets import visible_area_ids
from dashboard.labels import ACTIONS, STATES, STEP_LABELS
from dashboard.pages.base import AuthenticatedRequest, permission_page
from scans import errors as scan_errors
from tracetrack.errors.problem import BadRow, Forbidden, Problem

# The steps of the station, in the order of the list.
STATION_STEPS = (
    "link", "move", "unlink", "complete", "dispatch", "receive", "return", "inspect", "register",
    "reopen",
)  # fmt: skip
# The problems that a scan may raise. The API answers in English; the station translates.
PROBLEMS: tuple[type[Problem], ...] = (
    bag_errors.BadCode, bag_errors.BagUnknown, bag_errors.WrongKind, bag_errors.ChildElsewhere,
    bag_errors.BatchHeld, bag_errors.BatchClosed, bag_errors.BatchUnknown, bag_errors.ParentFull,
    bag_errors.ParentComplete, bag_errors.ParentDispatched, bag_errors.ParentEmpty,
    bag_errors.NotComplete, bag_errors.NotLinked, scan_errors.ClockAhead,
    scan_errors.AreaForbidden, scan_errors.RefReused, BadRow, Forbidden,
)  # fmt: skip
REASONS = (*bag_errors.WRONG_KIND_REASONS, *scan_errors.BAD_ROW_REASONS)
# Texts of the scripts by key; translate() in i18n.js reads them.
TEXTS = {
    "destination": _("Dispatch to"),
    "location": _("Your location"),
    "choose": _("select …"),
    "scan-sack-for": _("Scan the sack for {bag}"),
    "scan-bags": _("Scan bags for {sack}"),
    "scan-sack": _("Scan the sack"),
    "scan-label": _("Scan a label"),
    "not-sent": _("Not sent"),
    "no-location": _("Select your location first."),
    "no-destination": _("Select the destination first."),
    "choose-area": _("Select it above, then scan again."),
    "sack-selected": _("Sack {sack} selected, {count}/{capacity}"),
    "close-sack": _("Close sack now ({count}/{capacity})"),
    "is-bag": _("{code} is a bag, not a sack"),
    "not-a-sack": _("A bag cannot hold other bags."),
    "scan-sack-first": _("Scan the sack first."),
    "not-saved": _("Could not save"),
    "no-storage": _("No storage left on this device."),
    "write-down": _("Write the code down and call the office."),
    "saved-offline": _("Saved on this device. It is sent when the network is back."),
    "saved": _("Saved on this device. It is sent as soon as possible."),
    "count": _("{count}/{capacity} in {sack}"),
    "already": _("Already done; no change"),
    "result": _("{code}: {result}."),
    "remaining": _("{count} remaining."),
    "since": _("Since {since}, by {by}."),
    "refused": _("Rejected"),
    "not-recorded": _("{code} was not saved."),
    "move-into": _("Move to {sack}"),
    "complete": _("Sack complete. Take the next one."),
    "online": _("Online"),
    "offline": _("Offline: scans are saved on this device"),
    "busy": _("The server is busy: trying again"),
    "signed-out": _("Signed out: log in to send"),
    "of-another": _("of {username}, who must log in to send it"),
    "dismiss": pgettext_lazy("noted", "OK: {code}"),
}


def script_setup(user: User) -> dict[str, Any]:
    """Return the data of the scripts: steps, areas, bag types, and texts in the active language.

    `areas` are the locations of the user, `destinations` all active areas.
    """
    active_areas = list(Area.objects.filter(active=True).order_by("name"))
    area_ids = visible_area_ids(user)
    return {
        "username": user.username,
        "steps": [
            {"step": step, "action": ACTIONS[step]} | asdict(STEP_LABELS[step])
            for step in STATION_STEPS
        ],
        "areas": [
            _area_json(area) for area in active_areas if area_ids is None or area.pk in area_ids
        ],
        "destinations": [_area_json(area) for area in active_areas],
        "texts": TEXTS,
        "problems": {problem.code: _problem_json(problem) for problem in PROBLEMS},
        "reasons": [[message_id, gettext(message_id)] for message_id in REASONS],
        "states": {state: label.text for state, label in STATES.items()},
        "types": list(BagType.objects.values("parent_pattern", "child_pattern", "capacity")),
    }


def _problem_json(problem: type[Problem]) -> dict[str, Any]:
    """Return the texts of a problem: message id and translation of each detail, and the remedy."""
    details = (problem.detail, *problem.other_details)
    return {
        "details": [[message_id, gettext(message_id)] for message_id in details],
        "remedy": gettext(problem.remedy),
    }


def _area_json(area: Area) -> dict[str, str]:
    return {"code": area.code, "name": area.name}


@require_safe
@permission_page("scans.add_scan")
def scan(request: AuthenticatedRequest) -> HttpResponse:
    """/scan: the scan station; station.js sends the scans to the API."""
    return render(request, "pages/scan.html", {"setup": script_setup(request.user)})
