"""The account page: statistics of the user, language, theme, change of the password."""

from typing import Any

import orjson
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.forms import PasswordChangeForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods
from django_ratelimit.core import get_usage

from accounts.actions import change_password
from bags.models import Area
from bags.querysets import visible_area_ids
from dashboard.labels import STEP_LABELS
from dashboard.pages.base import AuthenticatedRequest, permission_page
from dashboard.stats import cached_queries
from tracetrack.errors.http import TooManyRequests

# Prevents guessing the password in a session that was left open.
PASSWORD_LIMIT: dict[str, Any] = {
    "group": "password",
    "key": lambda group, request: str(request.user.pk),
    "rate": "10/5m",
}


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
@permission_page("dashboard.view_dashboard")
def account(request: AuthenticatedRequest) -> HttpResponse:
    """/account: show the account; POST changes the password."""
    form = PasswordChangeForm(request.user, request.POST or None)
    if request.method == "POST":
        _count_attempt(request)
        if form.is_valid():
            change_password(user=request.user, password=form.cleaned_data["new_password1"])
            update_session_auth_hash(request, request.user)
            messages.success(request, gettext("Your password has been changed."))
            return redirect("dashboard:account")
    statistics = orjson.loads(cached_queries.user_stats(request.user))
    sees_all_areas = visible_area_ids(request.user) is None
    areas = Area.objects.visible_to(request.user).order_by("name")
    context = {
        "statistics": statistics,
        "by_step": [
            {"step": step, "total": statistics["by_step"][step]}
            for step in STEP_LABELS
            if step in statistics["by_step"]
        ],
        "areas": None if sees_all_areas else areas,
        "errors": [error for errors in form.errors.values() for error in errors],
    }
    return render(request, "pages/account.html", context, status=400 if form.errors else 200)


def _count_attempt(request: HttpRequest) -> None:
    usage = get_usage(request, increment=True, **PASSWORD_LIMIT)
    if usage and usage["should_limit"]:
        raise TooManyRequests(seconds=max(1, usage["time_left"]))
