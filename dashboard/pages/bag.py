"""The page of one bag: contents, timeline, next actions, undo."""

from uuid import uuid4

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_POST, require_safe

from bags import queries as bag_queries
from bags.api.serializers import CHILD_COLUMNS
from bags.models import Kind
from dashboard import labels
from dashboard.pages import next_actions
from dashboard.pages.bag_timeline import people, stops
from dashboard.pages.base import Asked, number_in, page, run_action
from scans.api.serializers import parse_undo_body
from scans.errors import ScanUnknown
from scans.history.timeline import latest_timeline
from scans.models import Scan
from scans.recording.record_scan import record_scan

# Scans of one history page.
PER_WAY = 100


@require_safe
@page("bags.view_bag")
def bag(request: Asked, code: str) -> HttpResponse:
    """/bags/<code>: where it is, what is in it, where it has been, what can be done next."""
    found = bag_queries.find_bag(request.user, code)
    sack = found if found.kind == Kind.PARENT else found.parent
    before = number_in(request.GET.get("before"))
    way, older = latest_timeline(found, before=before, most=PER_WAY)
    context = {
        "bag": found,
        "sack": sack,
        "inside": bag_queries.children_of(request.user, sack, CHILD_COLUMNS) if sack else [],
        "free": range((sack.capacity or 0) - sack.child_count) if sack else (),
        "way": stops(request.user, found, way, now=timezone.now()),
        "people": people(way),
        "before": before,
        "older": older,
        "next_steps": next_actions.next_steps(request.user, found),
    }
    return render(request, "pages/bag.html", context)


@require_POST
@page("scans.add_scan")
def undo(request: Asked, code: str) -> HttpResponse:
    """/bags/<code>/undo: undo one scan of this bag."""
    found = bag_queries.find_bag(request.user, code)
    number = number_in(request.POST.get("scan"))
    scans = Scan.objects.filter(bag=found).select_related("bag", "area", "was_area")
    target = scans.filter(pk=number).first() if number is not None else None
    if target is None:
        raise ScanUnknown(scan=number, bag=found.code)
    body = {"ref": uuid4(), "reason": request.POST.get("reason", "")}
    undo_request = parse_undo_body(body, target, now=timezone.now())
    done = gettext("The scan “{step}” has been undone.").format(
        step=labels.STEPS[target.step].label
    )
    run_action(request, done, record_scan, actor=request.user, scan_request=undo_request)
    return redirect("bag", code=found.code)
