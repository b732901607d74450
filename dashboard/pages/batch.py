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
from dashboard.pages.base import AuthenticatedRequest, permission_page, run_action
from dashboard.pages.forms import HoldForm, read_form
from scans.recording.rules import check_not_held


@require_safe
@permission_page("bags.view_batch")
def batch(request: AuthenticatedRequest, code: str) -> HttpResponse:
    """/batches/<code>: progress against plan, bags by state and area, hold."""
    batch = bag_queries.find_batch(request.user, code)
    contents = bag_queries.batch_contents(request.user, batch)
    return render(request, "pages/batch.html", {"batch": batch, "contents": contents})


@require_POST
@permission_page("bags.hold_batch")
def hold_batch(request: AuthenticatedRequest, code: str) -> HttpResponse:
    """/batches/<code>/hold"""
    started_at = timezone.now()

    def hold(**kwargs: Any) -> None:
        # Inside the action, so that an invalid reason is shown as a message.
        reason = read_form(HoldForm(request.POST))["reason"]
        batch = batch_actions.hold_batch(**kwargs, reason=reason)
        if batch.held_at and batch.held_at < started_at:
            # Another user's hold stays in place: BatchHeld names the user and the reason.
            check_not_held(batch)

    return _change_batch(request, code, gettext("{batch} is on hold."), hold)


@require_POST
@permission_page("bags.hold_batch")
def release_batch(request: AuthenticatedRequest, code: str) -> HttpResponse:
    """/batches/<code>/release"""
    success = gettext("Hold on {batch} released.")
    return _change_batch(request, code, success, batch_actions.release_batch)


@require_POST
@permission_page("bags.hold_batch")
def close_batch(request: AuthenticatedRequest, code: str) -> HttpResponse:
    """/batches/<code>/close"""
    success = gettext("{batch} is closed.")
    return _change_batch(request, code, success, batch_actions.close_batch)


def _change_batch(
    request: AuthenticatedRequest, text: str, success: str, action: Callable[..., Any]
) -> HttpResponse:
    """Run an action on the batch with the code `text`, and redirect to its page."""
    code = bag_queries.find_batch(request.user, text).code
    run_action(request, success.format(batch=code), action, actor=request.user, code=code)
    return redirect("dashboard:batch", code=code)
