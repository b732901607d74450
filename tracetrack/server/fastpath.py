"""The door: programs get kept answers before Django begins, past all that only pages need.

Of the usual way it has what an answer needs: who asks, whether he may, how often; the id, the time
it took, the headers of security; refusals as problems. docs/decisions/0012-cached-fast-path.md
"""

from collections.abc import Callable, Iterable
from time import perf_counter
from typing import Any

from django.conf import settings
from django.core.handlers.exception import convert_exception_to_response
from django.core.handlers.wsgi import WSGIRequest
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.middleware.security import SecurityMiddleware

from accounts.authentication import bearer_token
from tracetrack import logs
from tracetrack.api import cached_view, exception_handler, throttling
from tracetrack.api.headers_middleware import ApiHeadersMiddleware
from tracetrack.errors import handler
from tracetrack.errors.handler import RequestIdMiddleware
from tracetrack.ops import metrics
from tracetrack.ops.metrics import TimingMiddleware

Application = Callable[[dict[str, Any], Any], Iterable[bytes]]
Headers = list[tuple[str, str]]
# Of one answer alone; by names as the limits tell them, too.
OWN = {"ETag", "Content-Length", "X-Request-ID", *throttling.Usage(0, 0, 0, 0).headers()}
RAISED = "tracetrack.raised"
# Addresses, schemes and names of the site; a site with a name for everybody may have many.
MOST_PLACES = 100
# The first is the innermost, as the last in the settings is.
AROUND = (SecurityMiddleware, TimingMiddleware, RequestIdMiddleware, ApiHeadersMiddleware)


class Door:
    """Stands before a WSGI application and answers what it can; all else it lets through.

    It knows an address once the CachedView behind it was asked the usual way. Who comes without a
    token, or with a question of his own, goes that way, too.
    """

    def __init__(self, application: Application) -> None:
        self._usual = application
        chain: Any = convert_exception_to_response(_kept_answer)
        for middleware in AROUND:
            chain = middleware(chain)
        self._answer: Callable[[HttpRequest], HttpResponse] = chain
        self._alike: dict[tuple[str, ...], Headers] = {}

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if not opens_for(environ):
            return self._usual(environ, start_response)
        request = WSGIRequest(environ)
        try:
            return self._again(request, start_response) or self._whole(request, start_response)
        finally:
            # Back into the pool, where Django's signals bring it on the usual way.
            connection.close()

    def _whole(self, request: HttpRequest, start_response: Any) -> Iterable[bytes]:
        """An answer with all that is around it; what all good ones have alike is kept."""
        response = self._answer(request)
        headers = list(response.items())
        if response.status_code == 200:
            if len(self._alike) >= MOST_PLACES:
                self._alike.clear()
            alike = [header for header in headers if header[0] not in OWN]
            self._alike[_place(request)] = alike
        start_response(f"{response.status_code} {response.reason_phrase}", headers)
        return [response.content]

    def _again(self, request: HttpRequest, start_response: Any) -> Iterable[bytes] | None:
        """A good answer like one before, with its own body; None for any other."""
        alike = self._alike.get(_place(request))
        if alike is None or "HTTP_IF_NONE_MATCH" in request.META:
            return None
        started = perf_counter()
        view, line = cached_view.known_paths[request.path_info]
        name = handler.assign_request_id(request)
        before = logs.request_id.set(name)
        try:
            body, etag = view.fast_body(request)
        except Exception as error:
            # For those around to tell of; whoever asked is not counted twice.
            request.META[RAISED] = error
            return None
        finally:
            logs.request_id.reset(before)
        own = {"ETag": etag, "Content-Length": str(len(body)), "X-Request-ID": name}
        start_response("200 OK", [*alike, *own.items(), *throttling.headers(request).items()])
        metrics.record_duration(f"GET /{line.route}", perf_counter() - started)
        return [body]


def _place(request: HttpRequest) -> tuple[str, ...]:
    """All of a request that the headers of its answer depend on, if it is a good one."""
    said = request.META
    hosts = said.get("HTTP_HOST", ""), said.get("HTTP_X_FORWARDED_HOST", "")
    return request.path_info, str(request.scheme), *hosts, str(settings.SECURE_SSL_REDIRECT)


def _kept_answer(request: HttpRequest) -> HttpResponse:
    view, request.resolver_match = cached_view.known_paths[request.path_info]
    # Raises where the site has no such name.
    request.get_host()
    try:
        if RAISED in request.META:
            raise request.META[RAISED]
        response = view.fast_response(request)
    except handler.HANDLED as error:
        response = exception_handler.error_response(error, request)
    if response.status_code != 304:
        response.headers["Content-Length"] = str(len(response.content))
    return response


def opens_for(environ: dict[str, Any]) -> bool:
    """Whether this is a plain question with a token, to an address that the door knows."""
    if environ["PATH_INFO"] not in cached_view.known_paths:
        return False
    return bearer_token(environ) is not None and cached_view.is_plain_request(environ)
