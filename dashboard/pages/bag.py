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
from dashboard.pages.bag_timeline import scans_by_user, timeline_entries
from dashboard.pages.base import AuthenticatedRequest, permission_page, run_action
from dashboard.pages.forms import PageForm, UndoForm, read_form
from dashboard.pages.next_actions import next_actions
from scans.api.serializers import parse_undo_body
from scans.errors import ScanUnknown
from scans.history.timeline import latest_timeline
from scans.models import Scan
from scans.recording.record_scan import record_scan
from tracetrack.errors.problem import NotFound

SCANS_PER_PAGE = 100


@require_safe
@permission_page("bags.view_bag")
def bag(request: AuthenticatedRequest, code: str) -> HttpResponse:
    """/bags/<code>: location, contents, timeline and next actions of a bag."""
    bag = bag_queries.find_bag(request.user, code)
    sack = bag if bag.kind == Kind.PARENT else bag.parent
    before = read_form(PageForm(request.GET))["before"]
    scans, older = latest_timeline(bag, before=before, limit=SCANS_PER_PAGE)
    context = {
        "bag": bag,
        "sack": sack,
        "children": bag_queries.children_of(request.user, sack, CHILD_COLUMNS) if sack else [],
        "free_slots": range((sack.capacity or 0) - sack.child_count) if sack else (),
        "timeline": timeline_entries(request.user, bag, scans, now=timezone.now()),
        "users": scans_by_user(scans),
        "before": before,
        "older": older,
        "next_actions": next_actions(request.user, bag),
    }
    return render(request, "pages/bag.html", context)


@require_POST
@permission_page("scans.add_scan")
def undo(request: AuthenticatedRequest, code: str) -> HttpResponse:
    """/bags/<code>/undo: undo one scan of the bag."""
    bag = bag_queries.find_bag(request.user, code)
    fields = read_form(UndoForm(request.POST))
    if fields["scan"] is None:
        raise NotFound
    scans = Scan.objects.filter(bag=bag).select_related("bag", "area", "was_area")
    scan = scans.filter(pk=fields["scan"]).first()
    if scan is None:
        raise ScanUnknown(scan=fields["scan"], bag=bag.code)
    body = {"ref": uuid4(), "reason": fields["reason"]}
    undo_request = parse_undo_body(body, scan, now=timezone.now())
    success = gettext("The scan “{step}” has been undone.").format(
        step=labels.STEP_LABELS[scan.step].text
    )
    run_action(request, success, record_scan, actor=request.user, scan_request=undo_request)
    return redirect("dashboard:bag", code=bag.code)
