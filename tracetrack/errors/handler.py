"""How a refusal leaves: as problem+json or as a page; and the id that every request has."""

import logging
import re
from collections.abc import Callable
from secrets import token_hex
from typing import Any

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template import TemplateDoesNotExist
from django.template.loader import select_template
from django.utils.html import format_html

from tracetrack import logs
from tracetrack.api import throttling
from tracetrack.errors import http
from tracetrack.errors.http import CsrfFailed, HttpsRequired
from tracetrack.errors.problem import BadRequest, Forbidden, NotFound, Problem

logger = logging.getLogger(__name__)

API = "/api/"
# What is no fault of ours, wherever it comes up.
KNOWN = (Problem, OperationalError, InterfaceError)
REQUEST_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{7,63}")


def problem_handler(error: Exception, context: dict[str, Any]) -> HttpResponse | None:
    """What a client of the API gets for an exception; None for faults of ours: handler500's."""
    problem = http.as_problem(error)
    if problem is None:
        return None
    return refuse(problem, error, context["request"]._request)


def name_request(request: HttpRequest) -> str:
    """The id of this request: the caller's X-Request-ID where it is usable, else a new one."""
    given = request.META.get(logs.HEADER, "")
    chosen: str = given if REQUEST_ID.fullmatch(given) else token_hex(16)
    request.META[logs.HEADER] = chosen
    return chosen


class RequestIdMiddleware:
    """Every request has an id.

    It is on the answer, in problems, in the log and in the audit. Pages may raise problems, too.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        chosen = name_request(request)
        before = logs.request_id.set(chosen)
        try:
            response = self._answer(request)
        finally:
            logs.request_id.reset(before)
        response.headers["X-Request-ID"] = chosen
        throttling.tell(request, response)
        return response

    def _answer(self, request: HttpRequest) -> HttpResponseBase:
        # A browser is led to HTTPS. A program would go on sending its token for all to read.
        if (
            settings.SECURE_SSL_REDIRECT
            and not request.is_secure()
            and request.path.startswith(API)
        ):
            return show(HttpsRequired(), request)
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Pages answer as the API does: a refusal with its status, a busy database with 503."""
        return refused(error, request) if isinstance(error, KNOWN) else None


def show(problem: Problem, request: HttpRequest) -> HttpResponse:
    """`problem` to a client of the API, or as a page: templates/<status>.html or problem.html."""
    if request.path.startswith(API):
        return http.answer(problem, request)
    context = {"problem": problem, "request_id": logs.request_id.get()}
    # Whose name a page shows is a question to the database, which may be what is broken.
    asker = request if problem.status < 500 else None
    try:
        page = select_template([f"{problem.status}.html", "problem.html"]).render(context, asker)
    except TemplateDoesNotExist:
        page = format_html("<!doctype html><title>{0}</title><h1>{0}</h1>", str(problem))
    return http.with_headers(HttpResponse(page, status=problem.status), problem)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler400."""
    problem = http.as_problem(exception) or BadRequest(reason="it is malformed")
    return show(problem, request)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler403."""
    return show(http.as_problem(exception) or Forbidden(), request)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler404."""
    return show(NotFound(), request)


def server_error(request: HttpRequest) -> HttpResponse:
    """Django's handler500; Django has written the exception down."""
    return show(http.ServerError(), request)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Django's CSRF_FAILURE_VIEW."""
    return show(CsrfFailed(), request)


def refused(error: Exception, request: HttpRequest) -> HttpResponse:
    """The answer to what is one of KNOWN."""
    problem = http.as_problem(error)
    assert problem is not None
    return refuse(problem, error, request)


def refuse(problem: Problem, error: Exception, request: HttpRequest) -> HttpResponse:
    """`problem` as an answer. Who could not prove who he is is counted as a stranger."""
    if problem.status in (401, 403) and request.path.startswith(API):
        try:
            throttling.count_stranger(request)
        except Problem as too_many:
            problem = too_many
    if problem.status >= 500:
        logger.warning("%s: %s", problem.code, error)
    return show(problem, request)
