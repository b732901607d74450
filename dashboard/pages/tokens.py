"""The page of the user's API tokens: create, rotate, revoke."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_POST, require_safe

from accounts import tokens
from accounts.models import ApiToken
from dashboard.pages.base import AuthenticatedRequest, permission_page
from dashboard.pages.forms import TOKEN_DAYS, TokenForm
from dashboard.pages.language import problem_text
from tracetrack.api.scopes import Scope
from tracetrack.errors.problem import Problem

MAX_TOKENS_SHOWN = 100


@require_safe
@permission_page("accounts.view_own_tokens")
def list_tokens(request: AuthenticatedRequest) -> HttpResponse:
    """/account/tokens: the tokens of the user, newest first, and the form for a new one."""
    return _render_page(request)


@require_POST
@permission_page("accounts.change_own_tokens")
def create_token(request: AuthenticatedRequest) -> HttpResponse:
    """/account/tokens/make: create a token and show it; it cannot be shown again."""
    form = TokenForm(request.POST)
    if not form.is_valid():
        return _render_page(request, form=form, errors=_error_texts(form), status=400)
    try:
        new_token = tokens.create_token(
            actor=request.user,
            user=request.user,
            name=form.cleaned_data["name"],
            scopes=form.cleaned_data["scopes"],
            read_only=form.cleaned_data["read_only"],
            networks=form.cleaned_data["networks"],
            expires_at=form.expires_at(),
        )
    except Problem as problem:
        return _render_page(
            request, form=form, errors=[problem_text(problem)], status=problem.status
        )
    return _render_page(request, new_token=new_token)


@require_POST
@permission_page("accounts.change_own_tokens")
def rotate_token(request: AuthenticatedRequest, token: int) -> HttpResponse:
    """/account/tokens/<id>/rotate: replace a token; the old one is revoked at once."""
    try:
        old_token = tokens.get_visible(request.user, token)
        new_token = tokens.rotate_token(actor=request.user, token=old_token)
    except Problem as problem:
        messages.error(request, problem_text(problem))
        return redirect("dashboard:tokens")
    return _render_page(request, new_token=new_token)


@require_POST
@permission_page("accounts.change_own_tokens")
def revoke_token(request: AuthenticatedRequest, token: int) -> HttpResponse:
    """/account/tokens/<id>/revoke"""
    old_token = tokens.get_visible(request.user, token)
    tokens.revoke_token(old_token, actor=request.user)
    success = gettext("{name} ({prefix}…) is revoked.")
    messages.success(request, success.format(name=old_token.name, prefix=old_token.prefix))
    return redirect("dashboard:tokens")


def _error_texts(form: TokenForm) -> list[str]:
    return [
        f"{form[name].label}: {error}" for name, errors in form.errors.items() for error in errors
    ]


def _render_page(
    request: AuthenticatedRequest,
    *,
    form: TokenForm | None = None,
    errors: list[str] | None = None,
    new_token: tokens.NewToken | None = None,
    status: int = 200,
) -> HttpResponse:
    now = timezone.now()
    own_tokens = ApiToken.objects.filter(user=request.user).order_by("-id")[:MAX_TOKENS_SHOWN]
    context = {
        "tokens": [(token, token.has_ended(now)) for token in own_tokens],
        "new_token": new_token,
        "errors": errors or [],
        "form": form or TokenForm(initial={"scopes": [Scope.READ.value], "days": TOKEN_DAYS[0]}),
        "scopes": Scope.values,
        "days": TOKEN_DAYS,
    }
    return render(request, "pages/tokens.html", context, status=status)
