"""Problems of HTTP requests, and the conversion of exceptions to problems and responses."""

import json
from collections.abc import Callable
from typing import Any, cast

import orjson
import psycopg
import psycopg_pool
from django.core import exceptions as django_errors
from django.db import IntegrityError, InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, UnreadablePostError
from django.utils.encoding import iri_to_uri
from django_ratelimit.exceptions import Ratelimited
from rest_framework import exceptions as rest_errors

from tracetrack import logs
from tracetrack.errors.problem import (
    BadRequest,
    Busy,
    Forbidden,
    NotFound,
    NotSignedIn,
    Problem,
    ScopeMissing,
)
from tracetrack.errors.request_body import BodyTimeout, TooManyBodies

CONTENT_TYPE = "application/problem+json"
CHALLENGE = 'Bearer realm="tracetrack"'
RETRY_AFTER_SECONDS = 1


class BadField(Problem):
    status, code = 400, "bad-field"
    title = "A field or parameter is missing, unknown or invalid."
    detail = "{field}: {reason}."
    remedy = "Correct the field or parameter; nothing was changed."


class UnknownParameter(Problem):
    status, code = 400, "unknown-parameter"
    title = "The parameter is unknown."
    detail = "There is no parameter “{parameter}”."
    remedy = "Remove it or correct its name; valid parameters are listed in `known`."
    extra_facts = ("known",)


class HttpsRequired(Problem):
    status, code = 403, "https-required"
    title = "The API requires HTTPS."
    remedy = "Use an https:// URL, and replace the token: others may have read it on the way."


class CsrfFailed(Problem):
    status, code = 403, "csrf-failed"
    title = "The CSRF token is missing or wrong."
    remedy = "Reload the page, send X-CSRFToken with the value of the cookie, or use an API token."


class MethodNotAllowed(Problem):
    status, code = 405, "method-not-allowed"
    title = "The method is not allowed."
    detail = "{method} is not allowed here."
    remedy = "Use one of the methods in Allow."
    extra_facts = ("allowed",)


class NotAcceptable(Problem):
    status, code = 406, "not-acceptable"
    title = "The response is not available in the requested format."
    remedy = "Request application/json, or a format that the documentation lists for this endpoint."


class BodyTooSlow(Problem):
    status, code = 408, "body-too-slow"
    title = "The request body arrived too slowly."
    remedy = "Send it again over a faster connection, or in smaller parts."


class LengthRequired(Problem):
    status, code = 411, "length-required"
    title = "The request does not state the length of its body."
    remedy = "Send Content-Length, not Transfer-Encoding: chunked."


class TooLarge(Problem):
    status, code = 413, "too-large"
    title = "The request body is too large."
    remedy = "Send it in smaller parts."
    extra_facts = ("limit",)


class UnsupportedMediaType(Problem):
    status, code = 415, "unsupported-media-type"
    title = "The format of the request body is not supported."
    remedy = "Send UTF-8 JSON with Content-Type: application/json and without Content-Encoding."
    extra_facts = ("given",)


class UnderWay(Problem):
    status, code = 409, "under-way"
    title = "A request with this Idempotency-Key is in progress."
    remedy = "Send the request again after the seconds in Retry-After to get its response."
    extra_facts = ("seconds",)


class KeyReused(Problem):
    status, code = 422, "key-reused"
    title = "The Idempotency-Key was used for another request."
    detail = "This Idempotency-Key was used for another request at {at}."
    remedy = "Create a new key for each new request; reuse it only to repeat the same request."


class TooManyRequests(Problem):
    status, code = 429, "too-many-requests"
    title = "Too many requests."
    detail = "Too many requests; try again in {seconds} seconds."
    remedy = "Wait for the seconds in Retry-After, and send fewer requests."
    extra_facts = ("limit", "window")


class ServerError(Problem):
    status, code = 500, "server-error"
    title = "An unexpected error occurred; it is logged under the id of this request."
    remedy = "Try again. If it happens again, tell an administrator the request_id."


class TooSlow(Problem):
    status, code = 504, "too-slow"
    title = "The request took too long and was cancelled; nothing was changed."
    remedy = "Request less at once, or try again later."


def json_problem_response(problem: Problem, request: HttpRequest) -> HttpResponse:
    """Return `problem` as application/problem+json."""
    document = problem.as_json() | {
        "instance": iri_to_uri(request.path),
        "request_id": logs.request_id.get(),
    }
    body = _dump(document)
    response = HttpResponse(body, content_type=CONTENT_TYPE, status=problem.status)
    response["Cache-Control"] = "no-store"
    return add_problem_headers(response, problem)


def _dump(document: dict[str, Any]) -> bytes:
    try:
        return orjson.dumps(document, default=str)
    except TypeError:
        # orjson does not write integers of more than 64 bits, which clients may have sent.
        return json.dumps(document, default=str).encode()


def add_problem_headers(response: HttpResponse, problem: Problem) -> HttpResponse:
    """Add the headers that belong to the status of the problem."""
    if problem.status == 401:
        response["WWW-Authenticate"] = CHALLENGE
    if isinstance(problem, ScopeMissing):
        needed = f'error="insufficient_scope", scope="{problem.facts["scope"]}"'
        response["WWW-Authenticate"] = f"{CHALLENGE}, {needed}"
    if problem.status in (429, 503) or isinstance(problem, UnderWay):
        response["Retry-After"] = str(problem.facts.get("seconds", RETRY_AFTER_SECONDS))
    return response


def as_problem(error: BaseException) -> Problem | None:
    """Return the problem that an exception means for the client, None if it is unexpected."""
    if isinstance(error, Problem):
        return error
    for exception_types, convert in CONVERSIONS:
        if isinstance(error, exception_types):
            return convert(error)
    return None


def first_field_error(detail: Any, field: str = "") -> BadField:
    """Return the first error of a DRF serializer, with the path of its field."""
    if isinstance(detail, dict) and detail:
        name, inner = next(iter(detail.items()))
        path = "" if name == "non_field_errors" else str(name)
        return first_field_error(inner, ".".join(filter(None, [field, path])))
    if isinstance(detail, list) and detail:
        errors = [error for error in detail if error]
        return first_field_error(errors[0] if errors else "is not valid", field)
    return BadField(field=field or "body", reason=str(detail).rstrip("."))


def _from_database_error(error: BaseException) -> Problem:
    # Other than a statement timeout, these errors pass: the pool is exhausted, a lock is held, the
    # connection is lost, the server restarts.
    return TooSlow() if isinstance(error.__cause__, psycopg.errors.QueryCanceled) else Busy()


def _from_integrity_error(error: BaseException) -> Problem | None:
    # Two requests inserted the same row at the same time. The second finds it when it tries again.
    return Busy() if isinstance(error.__cause__, psycopg.errors.UniqueViolation) else None


def _from_validation_error(error: BaseException) -> Problem:
    return first_field_error(cast(rest_errors.ValidationError, error).detail)


def _from_body_error(error: BaseException) -> Problem:
    if isinstance(error.__cause__, BodyTimeout):
        return BodyTooSlow()
    if isinstance(error.__cause__, TooManyBodies):
        return Busy()
    return BadRequest(reason="it is incomplete")


def _from_method_not_allowed(error: BaseException) -> Problem:
    return MethodNotAllowed(method=str(getattr(error, "method", "")))


def _from_throttled(error: BaseException) -> Problem:
    seconds = getattr(error, "wait", None)
    return TooManyRequests(seconds=max(1, round(seconds or 60)))


def _constant(problem: type[Problem], **facts: Any) -> Callable[[BaseException], Problem]:
    return lambda error: problem(**facts)


ExceptionTypes = type[BaseException] | tuple[type[BaseException], ...]
# The first match counts, so subclasses precede their base classes.
CONVERSIONS: list[tuple[ExceptionTypes, Callable[[BaseException], Problem | None]]] = [
    ((psycopg_pool.PoolTimeout, psycopg_pool.TooManyRequests), _constant(Busy)),
    ((OperationalError, InterfaceError), _from_database_error),
    (IntegrityError, _from_integrity_error),
    ((rest_errors.NotAuthenticated, rest_errors.AuthenticationFailed), _constant(NotSignedIn)),
    ((Ratelimited, rest_errors.Throttled), _from_throttled),
    ((rest_errors.PermissionDenied, django_errors.PermissionDenied), _constant(Forbidden)),
    ((rest_errors.NotFound, Http404), _constant(NotFound)),
    (rest_errors.MethodNotAllowed, _from_method_not_allowed),
    (rest_errors.NotAcceptable, _constant(NotAcceptable)),
    (rest_errors.UnsupportedMediaType, _constant(UnsupportedMediaType)),
    (rest_errors.ValidationError, _from_validation_error),
    (rest_errors.ParseError, _constant(BadRequest, reason="it cannot be parsed")),
    (django_errors.RequestDataTooBig, _constant(TooLarge)),
    (UnreadablePostError, _from_body_error),
    (
        (django_errors.BadRequest, django_errors.SuspiciousOperation),
        _constant(BadRequest, reason="it is malformed"),
    ),
]
