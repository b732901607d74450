"""Exception handler of the API: every handled exception becomes a problem response."""

from typing import Any

from django.http import HttpRequest, HttpResponse

from tracetrack.api import throttling
from tracetrack.errors import handler, http
from tracetrack.errors.problem import Problem


def exception_handler(error: Exception, context: dict[str, Any]) -> HttpResponse | None:
    """Return the response to an exception in a view (the setting EXCEPTION_HANDLER of DRF).

    None for unexpected exceptions, which reach Django's handler500.
    """
    problem = http.as_problem(error)
    if problem is None:
        return None
    return _counted_problem_response(problem, error, context["request"]._request)


def _counted_problem_response(
    problem: Problem, error: Exception, request: HttpRequest
) -> HttpResponse:
    """Return `problem` as a response; a request that failed to authenticate is counted first.

    Such a request has no user yet. It counts against the limit of anonymous clients, which slows
    down the guessing of tokens. The response is TooManyRequests once that limit is exceeded.
    """
    if problem.status in (401, 403):
        try:
            throttling.count_anonymous_request(request)
        except Problem as too_many:
            problem = too_many
    return handler.logged_problem_response(problem, error, request)
