"""The fast path: answers requests for cached views without Django's middleware and REST framework.

It is optional: with FAST_PATH=false the same requests get the same responses from CachedView.get(),
only slower. See docs/decisions/0012-cached-fast-path.md.
"""

from collections.abc import Callable, Iterable
from operator import attrgetter
from time import perf_counter
from typing import Any

from django.core.handlers.wsgi import WSGIRequest
from django.db import connection
from django.urls import URLPattern, reverse

from accounts.authentication import TokenAuthentication, bearer_token
from tracetrack import logs
from tracetrack.api import conditional, throttling
from tracetrack.api.authentication import SessionAuthentication
from tracetrack.api.cached_view import FAST_PATH_ERROR, CachedView
from tracetrack.api.permissions import HasModelPermission
from tracetrack.api_urls import app_name, urlpatterns
from tracetrack.errors.handler import assign_request_id
from tracetrack.ops import metrics

Application = Callable[[dict[str, Any], Any], Iterable[bytes]]
Headers = list[tuple[str, str]]
JSON_ACCEPTED = ("*/*", "application/json")
# Headers that differ from response to response. All others are copied from an earlier response.
OWN_HEADERS = {
    "ETag", "Content-Length", "X-Request-ID", *throttling.Usage(0, 0, 0, 0).headers(),
}  # fmt: skip
# Headers of a 200 that a 304 does not have (tracetrack.api.conditional.with_etag).
NOT_IN_304 = {"Allow", "Content-Type"}
# Combinations of path, scheme and host; a site with a wildcard host name may have many.
MAX_HEADER_SETS = 100
# The classes that CachedView.authorize() and this module implement. A request with a token never
# reaches SessionAuthentication.
IMPLEMENTED_CLASSES: dict[str, list[type]] = {
    "authentication_classes": [TokenAuthentication, SessionAuthentication],
    "permission_classes": [HasModelPermission],
    "throttle_classes": [throttling.RateLimitThrottle],
}
# Other attributes through which a view can change how DRF handles a GET. The fast path does not
# use them, so it serves only views that inherit them from CachedView.
INHERITED_ATTRIBUTES = (
    "dispatch", "initialize_request", "initial", "get", "finalize_response",
    "perform_authentication", "perform_content_negotiation", "check_permissions", "check_throttles",
    "get_authenticators", "get_permissions", "get_throttles",
    "renderer_classes", "content_negotiation_class",
)  # fmt: skip
_read_hooks = attrgetter(*IMPLEMENTED_CLASSES, *INHERITED_ATTRIBUTES)
_DEFAULT_HOOKS = (
    *IMPLEMENTED_CLASSES.values(),
    *attrgetter(*INHERITED_ATTRIBUTES)(CachedView),
)


class FastPath:
    """WSGI application that answers requests for cached views and passes others on.

    It answers a GET with a token, without query parameters, that accepts JSON, if the view has the
    default DRF hooks. The headers of its responses are those of the last response by the wrapped
    application to the same path, scheme and host; until there was one, and for every error, it
    passes the request on.
    """

    def __init__(self, application: Application) -> None:
        self._application = application
        self._views = _cached_views()
        self._headers: dict[tuple[str, str, str], Headers] = {}

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if not self.accepts(environ):
            return self._application(environ, start_response)
        variant = (environ["PATH_INFO"], environ["wsgi.url_scheme"], environ.get("HTTP_HOST", ""))
        headers = self._headers.get(variant)
        if headers is not None:
            body = self._respond(environ, start_response, headers)
            if body is not None:
                return [body]
        return self._application(environ, self._record_headers(variant, start_response))

    def accepts(self, environ: dict[str, Any]) -> bool:
        """Return whether the fast path can answer a request."""
        view = self._views.get(environ["PATH_INFO"])
        return (
            view is not None
            and environ["REQUEST_METHOD"] == "GET"
            and not environ.get("QUERY_STRING")
            and environ.get("HTTP_ACCEPT", "*/*") in JSON_ACCEPTED
            and bearer_token(environ) is not None
            and has_default_hooks(view)
        )

    def _respond(
        self, environ: dict[str, Any], start_response: Any, headers: Headers
    ) -> bytes | None:
        """Start a response and return its body; return None after an error."""
        started = perf_counter()
        view = self._views[environ["PATH_INFO"]]
        request = WSGIRequest(environ)
        request_id = assign_request_id(request)
        context_token = logs.request_id.set(request_id)
        try:
            authenticated = TokenAuthentication().authenticate(request)
            assert authenticated is not None
            view.authorize(request, *authenticated)
            body, etag = view.render(authenticated[0], started)
        except Exception as error:
            environ[FAST_PATH_ERROR] = error
            return None
        finally:
            logs.request_id.reset(context_token)
            # Returns the connection to the pool; Django does so with a signal after each request.
            connection.close()
        status = "200 OK"
        if conditional.is_not_modified(request, etag):
            status, body = "304 Not Modified", b""
            headers = [header for header in headers if header[0] not in NOT_IN_304]
        own = {"ETag": etag, "Content-Length": str(len(body)), "X-Request-ID": request_id}
        start_response(status, [*headers, *own.items(), *throttling.headers(request).items()])
        metrics.record_duration(f"GET {environ['PATH_INFO']}", perf_counter() - started)
        return body

    def _record_headers(self, variant: tuple[str, str, str], start_response: Any) -> Any:
        """Wrap start_response() to store the headers of a successful response."""

        def record(status: str, headers: Headers, *error: Any) -> Any:
            names = {name for name, _ in headers}
            if status.startswith("200 ") and "Set-Cookie" not in names:
                if len(self._headers) >= MAX_HEADER_SETS:
                    self._headers.clear()
                self._headers[variant] = [item for item in headers if item[0] not in OWN_HEADERS]
            return start_response(status, headers, *error)

        return record


def has_default_hooks(view: type[CachedView]) -> bool:
    """Return whether the fast path gives the same responses as a view does through DRF.

    It does if the view has the authentication, permission and throttle classes that the fast path
    implements, and overrides no method of CachedView that handles a request.
    """
    # Read for each request, because the attributes of a class can change. Takes less than 1 µs.
    return bool(_read_hooks(view) == _DEFAULT_HOOKS)


def _cached_views() -> dict[str, type[CachedView]]:
    """Return the cached views by path, without those whose as_view() call sets attributes."""
    views: dict[str, type[CachedView]] = {}
    for pattern in urlpatterns:
        callback: Any = pattern.callback if isinstance(pattern, URLPattern) else None
        view = getattr(callback, "cls", None)
        is_cached = isinstance(view, type) and issubclass(view, CachedView)
        if is_cached and not callback.initkwargs:
            views[reverse(f"{app_name}:{pattern.name}")] = callback.cls
    return views
