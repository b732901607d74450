"""One's own account: what one scanned, language and theme, another password."""

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
from dashboard.labels import STEPS
from dashboard.pages.base import Asked, page
from dashboard.stats import cached_queries
from tracetrack.errors.http import TooManyRequests

# Somebody at a screen that was left open must not be able to guess the password.
GUESSES: dict[str, Any] = {
    "group": "password",
    "key": lambda group, request: str(request.user.pk),
    "rate": "10/5m",
}


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
@page("dashboard.view_dashboard")
def account(request: Asked) -> HttpResponse:
    """/account: who I am here, what I scanned, what I may choose."""
    form = PasswordChangeForm(request.user, request.POST or None)
    if request.method == "POST":
        _count_guess(request)
        if form.is_valid():
            change_password(user=request.user, password=form.cleaned_data["new_password1"])
            update_session_auth_hash(request, request.user)
            messages.success(request, gettext("Your password has been changed."))
            return redirect("account")
    numbers = orjson.loads(cached_queries.user_stats(request.user))
    own = visible_area_ids(request.user)
    context = {
        "numbers": numbers,
        "by_step": [
            {"step": step, "total": numbers["by_step"][step]}
            for step in STEPS
            if step in numbers["by_step"]
        ],
        "areas": None if own is None else Area.objects.filter(pk__in=own).order_by("name"),
        "faults": [fault for faults in form.errors.values() for fault in faults],
    }
    return render(request, "pages/account.html", context, status=400 if form.errors else 200)


def _count_guess(request: HttpRequest) -> None:
    usage = get_usage(request, increment=True, **GUESSES)
    if usage and usage["should_limit"]:
        raise TooManyRequests(seconds=max(1, usage["time_left"]))
