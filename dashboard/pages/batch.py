"""The page of one batch, and the actions on it."""

from collections.abc import Callable
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_POST, require_safe

from bags import actions as batch_actions
from bags import queries as bag_queries
from dashboard.pages.base import Asked, page, run_action
from scans.recording.checks import check_not_held


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
            check_not_held(batch)

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


def _change(
    request: Asked, text: str, done: str, action: Callable[..., Any], **named: str
) -> HttpResponse:
    """Do it to the batch that is meant, and lead back to its page."""
    code = bag_queries.find_batch(request.user, text).code
    run_action(request, done.format(batch=code), action, actor=request.user, code=code, **named)
    return redirect("batch", code=code)
