"""HTML for people: each page asks, shows, and lets the actions decide."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import orjson
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from bags import actions as batch_actions
from bags import queries as bag_queries
from bags.models import Kind
from dashboard import answers, board, language, names, offers, signs, station
from dashboard.serializers import OverviewIn
from dashboard.way import people, stops
from scans.actions import record_scan
from scans.checks import check_holds
from scans.errors import ScanUnknown
from scans.models import Scan
from scans.serializers import undo_entry
from scans.ways import latest_way
from tracetrack.errors import Forbidden, Problem
from tracetrack.models import User
from tracetrack.reading import read

PER_PAGE = 50
# So many scans of a bag's own are shown at once.
PER_WAY = 100
Page = Callable[..., HttpResponseBase]


class Asked(HttpRequest):
    """What a guarded page is asked: by somebody who is signed in."""

    user: User


def page(permission: str) -> Callable[[Page], Page]:
    """A page for people who are signed in and have this permission; no browser keeps it."""

    def guard(view: Page) -> Page:
        def guarded(request: Asked, **named: str) -> HttpResponseBase:
            if not request.user.has_perm(permission):
                raise Forbidden(permission=permission)
            return view(request, **named)

        guarded.__doc__, guarded.__name__ = view.__doc__, view.__name__
        guarded.permission = permission  # type: ignore[attr-defined]
        return never_cache(login_required(guarded))

    return guard


@require_safe
@page("dashboard.view_dashboard")
def overview(request: Asked) -> HttpResponse:
    """/: every number, painted by the server first and kept fresh by dashboard_ultra.js."""
    given = {name: text for name in ("area", "period") if (text := text_in(request, name))}
    asked = read(OverviewIn, given)
    numbers, _ = answers.overview(request.user, **asked)
    areas, area_names = board.seen_areas(request.user), names.by_area()
    context = {
        "numbers": orjson.loads(numbers),
        "asked": asked,
        "again": board.asked_again(asked),
        "areas": areas,
        "area_names": area_names,
        "place": next((area for area in areas if area["code"] == asked["area"]), None),
        "periods": board.PERIODS,
        "period": board.PERIODS[asked["period"]],
        "setup": board.setup(area_names),
    }
    return render(request, "pages/overview.html", context)


@require_safe
@page("bags.view_bag")
def bag(request: Asked, code: str) -> HttpResponse:
    """/bags/<code>: where it is, what is in it, where it has been, what can be done next."""
    found = bag_queries.find_bag(request.user, code)
    sack = found if found.kind == Kind.PARENT else found.parent
    before = number_in(request.GET.get("before"))
    way, older = latest_way(found, before=before, most=PER_WAY)
    context = {
        "bag": found,
        "sack": sack,
        "inside": bag_queries.children_of(request.user, sack) if sack else [],
        "free": range((sack.capacity or 0) - sack.child_count) if sack else (),
        "way": stops(request.user, found, way, now=timezone.now()),
        "people": people(way),
        "before": before,
        "older": older,
        "next_steps": offers.next_steps(request.user, found),
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
    entry = undo_entry(body, target, now=timezone.now())
    done = gettext("The scan “{step}” has been undone.").format(step=signs.STEPS[target.step].label)
    _act(request, done, record_scan, actor=request.user, entry=entry)
    return redirect("bag", code=found.code)


@require_safe
@page("bags.view_batch")
def batches(request: Asked) -> HttpResponse:
    """/batches: the newest first."""
    before = number_in(request.GET.get("before"))
    rows = bag_queries.batch_page(before=before, limit=PER_PAGE + 1)
    context = {
        "batches": rows[:PER_PAGE],
        "more": rows[PER_PAGE - 1].pk if rows[PER_PAGE:] else None,
        "before": before,
    }
    return render(request, "pages/batches.html", context)


@require_safe
@page("bags.view_batch")
def batch(request: Asked, code: str) -> HttpResponse:
    """/batches/<code>: progress against plan, what lies where, the hold."""
    found = bag_queries.find_batch(request.user, code)
    contents = bag_queries.batch_contents(request.user, found)
    return render(request, "pages/batch.html", {"batch": found, "contents": contents})


@require_POST
@page("bags.hold_batch")
def hold_batch(request: Asked, code: str) -> HttpResponse:
    """/batches/<code>/hold"""
    begun, reason = timezone.now(), request.POST.get("reason", "").replace("\0", "")

    def hold(**named: Any) -> None:
        batch = batch_actions.hold_batch(**named, reason=reason)
        if batch.held_at and batch.held_at < begun:
            # Somebody else's reason stays: say whose, and which.
            check_holds(batch)

    return _change(request, code, gettext("{batch} is on hold."), hold)


@require_POST
@page("bags.hold_batch")
def release_batch(request: Asked, code: str) -> HttpResponse:
    """/batches/<code>/release"""
    return _change(request, code, gettext("{batch} is released."), batch_actions.release_batch)


@require_POST
@page("bags.hold_batch")
def close_batch(request: Asked, code: str) -> HttpResponse:
    """/batches/<code>/close"""
    return _change(request, code, gettext("{batch} is closed."), batch_actions.close_batch)


@require_safe
@page("scans.add_scan")
def scan(request: Asked) -> HttpResponse:
    """/scan: the scan station; station.js does the rest over the API."""
    return render(request, "pages/scan.html", {"setup": station.setup(request.user)})


def _change(
    request: Asked, text: str, done: str, action: Callable[..., Any], **named: str
) -> HttpResponse:
    """Do it to the batch that is meant, and lead back to its page."""
    code = bag_queries.find_batch(request.user, text).code
    _act(request, done.format(batch=code), action, actor=request.user, code=code, **named)
    return redirect("batch", code=code)


def _act(request: Asked, done: str, action: Callable[..., Any], **named: Any) -> None:
    """Do it, and say what came of it on the page that follows."""
    try:
        action(**named)
    except Problem as problem:
        messages.error(request, f"{language.sentence(problem)} {language.remedy(problem)}")
    else:
        messages.success(request, done)


def text_in(request: Asked, name: str) -> str:
    """A parameter as the database can take it."""
    return request.GET.get(name, "").replace("\0", "").strip()[:200]


def number_in(text: str | None) -> int | None:
    """A row's number as a link carries it; anything else is as if it were not there."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 19 else None
