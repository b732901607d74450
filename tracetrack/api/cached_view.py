"""KeptView: an endpoint whose answers are kept as final bytes."""

from collections.abc import Mapping
from functools import lru_cache
from hashlib import blake2b
from time import perf_counter
from typing import Any

import orjson
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response
from django.views.decorators.csrf import csrf_exempt
from rest_framework.request import Request

from accounts.authentication import TokenAuthentication
from accounts.models import User
from tracetrack.api import throttling
from tracetrack.api.view import ApiView, VARY, check_permission, json_response

PLAIN = ("*/*", "application/json")
# Where which view was asked, with the line of the table of addresses that led there.
asked_at: dict[str, tuple[type["CachedView"], Any]] = {}


class CachedView(ApiView):
    """One endpoint of which `kept` gives the answer: a JSON object as bytes.

    Who asks and whether he may is found out first, from the one declaration in `permissions`, and
    nothing else. A plain question goes past Django REST framework, whose own work would take longer
    than all the rest; whatever is not plain goes through it, and hears there what is wrong with it.
    """

    @classmethod
    def payload(cls, user: User, **asked: Any) -> tuple[bytes, bool]:
        """The answer for `user`, and whether it was there already.

        A question that is not plain brings its `parameters`; a plain one has none.
        """
        raise NotImplementedError

    def get(self, request: Request) -> HttpResponse:
        told = self._told(self.actor, self.started, **self.params)
        return _response(request._request, *told)

    @classmethod
    def as_view(cls, **initkwargs: Any) -> Any:
        usual = super().as_view(**initkwargs)

        def view(request: HttpRequest) -> HttpResponseBase:
            asked_at[request.path_info] = cls, request.resolver_match
            return cls.plainly(request) if is_plain(request.META) else usual(request)

        # What the description of the API looks for.
        view.cls, view.initkwargs = cls, initkwargs  # type: ignore[attr-defined]
        return csrf_exempt(view)

    @classmethod
    def plainly(cls, request: HttpRequest) -> HttpResponse:
        """The answer to a plain question, after who asks, whether he may, and how often."""
        response = _response(request, *cls.barely(request))
        response.headers["Vary"] = ", ".join(VARY)
        return response

    @classmethod
    def barely(cls, request: HttpRequest) -> tuple[bytes, str]:
        """The body of that answer, and its ETag."""
        started = perf_counter()
        found = TokenAuthentication().authenticate(request)
        user: Any = found[0] if found else request.user
        permission = cls.permissions["GET"]
        assert permission is not None
        throttling.count_request(request, user, found and found[1], cls.rate_limit("GET"))
        check_permission(user, permission)
        return cls._told(user, started)

    @classmethod
    def _told(cls, user: User, started: float, **asked: Any) -> tuple[bytes, str]:
        body, cached = cls.payload(user, **asked)
        # How long this one answer took is no part of what it says.
        took = (perf_counter() - started) * 1000
        ending = orjson.dumps({"response_time_ms": round(took, 3), "cached": cached})
        return body[:-1] + b"," + ending[1:], _etag(body)


def _response(request: HttpRequest, body: bytes, etag: str) -> HttpResponse:
    response = json_response(body)
    response.headers["ETag"] = etag
    response.headers["Cache-Control"] = "private, no-cache"
    if "HTTP_IF_NONE_MATCH" in request.META:
        unchanged = get_conditional_response(request, etag=etag, response=response)
        return unchanged or response
    return response


@lru_cache(maxsize=200)
def _etag(body: bytes) -> str:
    return f'W/"{blake2b(body, digest_size=16).hexdigest()}"'


def is_plain(meta: Mapping[str, Any]) -> bool:
    """Whether a request, as WSGI tells it, asks for the whole answer as JSON and nothing else."""
    wanted = meta.get("HTTP_ACCEPT", PLAIN[0])
    return meta["REQUEST_METHOD"] == "GET" and not meta.get("QUERY_STRING") and wanted in PLAIN
