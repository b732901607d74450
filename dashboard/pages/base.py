"""Base of the pages: permission check, actions with messages."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.views.decorators.cache import never_cache

from accounts.models import User
from dashboard.pages.language import problem_text
from tracetrack.errors.problem import Forbidden, Problem

ROWS_PER_PAGE = 50
Page = Callable[..., HttpResponseBase]


class AuthenticatedRequest(HttpRequest):
    """The request of a view that `permission_page` protects."""

    user: User


def permission_page(permission: str) -> Callable[[Page], Page]:
    """Decorate the view of a page that users with `permission` may see.

    Anonymous users are redirected to the log-in page; Forbidden is raised for other users. The
    response is not cached by browsers. The permission is readable as `view.permission`.
    """

    def decorate(view: Page) -> Page:
        def check_and_call(request: AuthenticatedRequest, **kwargs: str) -> HttpResponseBase:
            if not request.user.has_perm(permission):
                raise Forbidden(permission=permission)
            return view(request, **kwargs)

        check_and_call.__doc__, check_and_call.__name__ = view.__doc__, view.__name__
        check_and_call.permission = permission  # type: ignore[attr-defined]
        return never_cache(login_required(check_and_call))

    return decorate


def run_action(
    request: AuthenticatedRequest, success: str, action: Callable[..., Any], **kwargs: Any
) -> None:
    """Call `action(**kwargs)`; show `success` or the text of its Problem on the next page."""
    try:
        action(**kwargs)
    except Problem as problem:
        messages.error(request, problem_text(problem))
    else:
        messages.success(request, success)
