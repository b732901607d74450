"""Django's error handlers, and the middleware that gives each request an id."""

import logging
import re
from collections.abc import Callable
from secrets import token_hex

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template import TemplateDoesNotExist
from django.template.loader import select_template
from django.utils.html import format_html

from tracetrack import logs
from tracetrack.errors import http
from tracetrack.errors.http import CsrfFailed, HttpsRequired
from tracetrack.errors.problem import BadRequest, Forbidden, NotFound, Problem

logger = logging.getLogger(__name__)

API_PREFIX = "/api/"
# Exceptions that become problem responses in any view. Others are bugs: Django's handler500.
HANDLED = (Problem, OperationalError, InterfaceError)
REQUEST_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{7,63}")


class RequestIdMiddleware:
    """Give each request an id, for the response, problems, the log and the audit log.

    Also turns HANDLED exceptions of page views into responses, and rejects API requests over HTTP.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        request_id = assign_request_id(request)
        reset_token = logs.request_id.set(request_id)
        try:
            response = self._response(request)
        finally:
            logs.request_id.reset(reset_token)
        response.headers["X-Request-ID"] = request_id
        return response

    def _response(self, request: HttpRequest) -> HttpResponseBase:
        # SecurityMiddleware redirects browsers to HTTPS. An API client that follows such a redirect
        # would keep sending its token unencrypted.
        if (
            settings.SECURE_SSL_REDIRECT
            and not request.is_secure()
            and request.path.startswith(API_PREFIX)
        ):
            return problem_response(HttpsRequired(), request)
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Return the response to an exception of a page view; None for unexpected ones."""
        return error_response(error, request) if isinstance(error, HANDLED) else None


def assign_request_id(request: HttpRequest) -> str:
    """Return the X-Request-ID of the client if it is well-formed, otherwise a new random id."""
    given = request.META.get(logs.HEADER, "")
    request_id: str = given if REQUEST_ID.fullmatch(given) else token_hex(16)
    request.META[logs.HEADER] = request_id
    return request_id


def problem_response(problem: Problem, request: HttpRequest) -> HttpResponse:
    """Return `problem` as JSON for the API, otherwise as a page.

    The template of the page is `<status>.html` or `problem.html`.
    """
    if request.path.startswith(API_PREFIX):
        return http.json_problem_response(problem, request)
    context = {"problem": problem, "request_id": logs.request_id.get()}
    # With a request, context processors query the database, which may be the cause of a 5xx.
    template_request = request if problem.status < 500 else None
    templates = [f"{problem.status}.html", "problem.html"]
    try:
        page = select_template(templates).render(context, template_request)
    except TemplateDoesNotExist:
        page = format_html("<!doctype html><title>{0}</title><h1>{0}</h1>", str(problem))
    return http.add_problem_headers(HttpResponse(page, status=problem.status), problem)


def error_response(error: Exception, request: HttpRequest) -> HttpResponse:
    """Return the response to one of the HANDLED exceptions."""
    problem = http.as_problem(error)
    assert problem is not None
    return logged_problem_response(problem, error, request)


def logged_problem_response(
    problem: Problem, error: Exception, request: HttpRequest
) -> HttpResponse:
    """Return problem_response(); writes a warning with the cause if the status is 5xx."""
    if problem.status >= 500:
        logger.warning("%s: %s", problem.code, error)
    return problem_response(problem, request)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler400."""
    problem = http.as_problem(exception) or BadRequest(reason="it is malformed")
    return problem_response(problem, request)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler403."""
    return problem_response(http.as_problem(exception) or Forbidden(), request)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler404."""
    return problem_response(NotFound(), request)


def server_error(request: HttpRequest) -> HttpResponse:
    """Django's handler500; Django has logged the exception."""
    return problem_response(http.ServerError(), request)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Django's CSRF_FAILURE_VIEW."""
    return problem_response(CsrfFailed(), request)
