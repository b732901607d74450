"""Base of the pages: permission check, actions with messages, query parameters."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.views.decorators.cache import never_cache

from accounts.models import User
from dashboard.pages import language
from tracetrack.errors.problem import Forbidden, Problem

PER_PAGE = 50
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


def run_action(request: Asked, done: str, action: Callable[..., Any], **named: Any) -> None:
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
