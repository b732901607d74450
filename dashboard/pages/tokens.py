"""The page of one's own tokens: made and shown once, rotated, revoked."""

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_POST, require_safe

from accounts import tokens
from accounts.api.serializers import TokenIn
from accounts.models import ApiToken
from accounts.roles import Scope
from dashboard.pages import language
from dashboard.pages.base import Asked, page
from tracetrack.api.params import parse_params
from tracetrack.errors.problem import Problem

# What a form may ask for; the API takes any moment.
DAYS = ("30", "90", "365", "")


@require_safe
@page("accounts.view_own_tokens")
def own(request: Asked) -> HttpResponse:
    """/account/tokens: one's own tokens, the newest first, and a form for another."""
    return _shown(request)


@require_POST
@page("accounts.change_own_tokens")
def make(request: Asked) -> HttpResponse:
    """/account/tokens/make: the answer shows the token; nothing else ever does."""
    try:
        asked = parse_params(TokenIn, _form(request))
        asked["user"] = request.user
        asked.pop("username")
        issued = tokens.create_token(actor=request.user, **asked)
    except Problem as problem:
        return _shown(request, problem=problem, status=problem.status)
    return _shown(request, issued=issued)


@require_POST
@page("accounts.change_own_tokens")
def rotate(request: Asked, token: int) -> HttpResponse:
    """/account/tokens/<id>/rotate: the old one ends at once."""
    try:
        meant = tokens.get_visible(request.user, token)
        issued = tokens.rotate_token(actor=request.user, token=meant)
    except Problem as problem:
        messages.error(request, f"{language.sentence(problem)} {language.remedy(problem)}")
        return redirect("tokens")
    return _shown(request, issued=issued)


@require_POST
@page("accounts.change_own_tokens")
def revoke(request: Asked, token: int) -> HttpResponse:
    """/account/tokens/<id>/revoke"""
    meant = tokens.get_visible(request.user, token)
    tokens.revoke_token(meant, actor=request.user)
    revoked = gettext("{name} ({begins}…) is revoked.")
    messages.success(request, revoked.format(name=meant.name, begins=meant.prefix))
    return redirect("tokens")


def _shown(
    request: Asked,
    *,
    issued: tokens.NewToken | None = None,
    problem: Problem | None = None,
    status: int = 200,
) -> HttpResponse:
    now = timezone.now()
    mine = ApiToken.objects.filter(user=request.user).order_by("-id")[:100]
    context = {
        "tokens": [(token, token.has_ended(now)) for token in mine],
        "issued": issued,
        "problem": problem,
        "given": request.POST if problem else {},
        "chosen": request.POST.getlist("scopes") if problem else [Scope.READ.value],
        "scopes": Scope.values,
        "days": DAYS,
    }
    return render(request, "pages/tokens.html", context, status=status)


def _form(request: Asked) -> dict[str, Any]:
    """What the form says, in the words of the API."""
    form = request.POST
    networks = form.get("networks", "").replace(",", " ").split()
    days = form.get("days", "")
    asked: dict[str, Any] = {
        "name": form.get("name", "").replace("\0", ""),
        "scopes": form.getlist("scopes"),
        "read_only": form.get("read_only") == "on",
        "networks": networks,
    }
    if days in DAYS and days:
        end = timezone.now() + timedelta(days=int(days))
        asked["expires_at"] = end.isoformat()
    return asked
