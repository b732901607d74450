"""CachedView: an endpoint that serves cached JSON bytes.

There are two code paths to its response: get(), through Django and DRF like any other endpoint, and
server/fastpath.py, which calls fast_body() before Django's middleware.
"""

from collections.abc import Mapping
from functools import lru_cache
from hashlib import blake2b
from time import perf_counter
from typing import Any

import orjson
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response
from rest_framework.request import Request

from accounts.authentication import TokenAuthentication
from accounts.models import User
from tracetrack.api import throttling
from tracetrack.api.permissions import check_permission
from tracetrack.api.view import VARY, ApiView, json_response

PLAIN_ACCEPT = ("*/*", "application/json")
# The view and resolver match of each path that was requested, for the fast path.
known_paths: dict[str, tuple[type["CachedView"], Any]] = {}


class CachedView(ApiView):
    """An endpoint whose GET response is a JSON object from the cache."""

    @classmethod
    def payload(cls, user: User, **params: Any) -> tuple[bytes, bool]:
        """Return the JSON object for a user, and whether it came from the cache.

        Requests of the fast path have no parameters.
        """
        raise NotImplementedError

    def get(self, request: Request) -> HttpResponse:
        body = self._body_with_etag(self.actor, self.started, **self.params)
        return _response(request._request, *body)

    @classmethod
    def as_view(cls, **initkwargs: Any) -> Any:
        view = super().as_view(**initkwargs)

        def recording_view(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            known_paths[request.path_info] = cls, request.resolver_match
            response: HttpResponseBase = view(request, *args, **kwargs)
            return response

        # Attributes that drf-spectacular and Django's CSRF middleware look for.
        recording_view.cls, recording_view.initkwargs = cls, initkwargs  # type: ignore[attr-defined]
        recording_view.csrf_exempt = True  # type: ignore[attr-defined]
        return recording_view

    @classmethod
    def fast_response(cls, request: HttpRequest) -> HttpResponse:
        """Return the response to a request for which is_plain_request() is true."""
        response = _response(request, *cls.fast_body(request))
        response.headers["Vary"] = ", ".join(VARY)
        return response

    @classmethod
    def fast_body(cls, request: HttpRequest) -> tuple[bytes, str]:
        """Return body and ETag after authentication, throttling and permission check.

        The same functions as in the DRF path do the checks, in the same order.
        """
        started = perf_counter()
        authenticated = TokenAuthentication().authenticate(request)
        user: Any = authenticated[0] if authenticated else request.user
        permission = cls.permissions["GET"]
        assert permission is not None
        token = authenticated and authenticated[1]
        throttling.count_request(request, user, token, cls.rate_limit("GET"))
        check_permission(user, permission)
        return cls._body_with_etag(user, started)

    @classmethod
    def _body_with_etag(cls, user: User, started: float, **params: Any) -> tuple[bytes, str]:
        body, cached = cls.payload(user, **params)
        # Not part of the ETag: these members differ between responses with the same content.
        elapsed_ms = (perf_counter() - started) * 1000
        ending = orjson.dumps({"response_time_ms": round(elapsed_ms, 3), "cached": cached})
        return body[:-1] + b"," + ending[1:], _weak_etag(body)


def is_plain_request(environ: Mapping[str, Any]) -> bool:
    """Return whether a WSGI environ is a GET without query parameters that accepts JSON."""
    accept = environ.get("HTTP_ACCEPT", PLAIN_ACCEPT[0])
    return (
        environ["REQUEST_METHOD"] == "GET"
        and not environ.get("QUERY_STRING")
        and accept in PLAIN_ACCEPT
    )


def _response(request: HttpRequest, body: bytes, etag: str) -> HttpResponse:
    response = json_response(body)
    response.headers["ETag"] = etag
    response.headers["Cache-Control"] = "private, no-cache"
    if "HTTP_IF_NONE_MATCH" in request.META:
        not_modified = get_conditional_response(request, etag=etag, response=response)
        return not_modified or response
    return response


@lru_cache(maxsize=200)
def _weak_etag(body: bytes) -> str:
    return f'W/"{blake2b(body, digest_size=16).hexdigest()}"'
