"""CachedView: base of endpoints whose JSON is cached as bytes."""

from functools import lru_cache
from hashlib import blake2b
from time import perf_counter
from typing import TYPE_CHECKING, Any

import orjson
from django.http import HttpRequest, HttpResponse
from rest_framework.request import Request

from tracetrack.api import throttling
from tracetrack.api.permissions import check_permission
from tracetrack.api.view import ApiView, json_response

if TYPE_CHECKING:
    from accounts.models import ApiToken, User

# Key of the WSGI environ: an exception that the fast path met while it handled this request.
FAST_PATH_ERROR = "tracetrack.fast_path_error"


class CachedView(ApiView):
    """An endpoint with one method, GET, and a cached response: see payload().

    The class methods do the work, so that server/fastpath.py can run them without REST framework.
    It does so only for views that keep the default authentication, permission and throttle classes
    and override none of the methods with which DRF handles a request. Django answers requests for
    other views.
    """

    @classmethod
    def payload(cls, user: "User", **params: Any) -> tuple[bytes, bool]:
        """Return the JSON object for `user`, and whether it came from the cache.

        `params` are the validated query parameters.
        """
        raise NotImplementedError

    @classmethod
    def authorize(cls, request: HttpRequest, user: "User", token: "ApiToken | None") -> None:
        """Count the request and check the permission for GET.

        Raises TooManyRequests, NotSignedIn, ScopeMissing, Forbidden.
        """
        permission = cls.permissions["GET"]
        assert permission is not None
        throttling.count_request(request, user, token, cls.rate_limit("GET"))
        check_permission(user, permission)

    @classmethod
    def render(cls, user: "User", started: float, **params: Any) -> tuple[bytes, str]:
        """Return body and ETag of the response to a request that started at this perf_counter().

        The body ends with the response time, which is not part of the ETag: it is therefore weak.
        """
        payload, cached = cls.payload(user, **params)
        milliseconds = round((perf_counter() - started) * 1000, 3)
        ending = orjson.dumps({"response_time_ms": milliseconds, "cached": cached})
        return payload[:-1] + b"," + ending[1:], _weak_etag(payload)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        error = request.META.get(FAST_PATH_ERROR)
        if error is not None:
            # The fast path has counted the request and perhaps waited for the database: report its
            # error instead of doing both again.
            raise error
        super().initial(request, *args, **kwargs)

    def get(self, request: Request) -> HttpResponse:
        body, etag = self.render(self.actor, self.started, **self.params)
        response = json_response(body)
        response.headers["ETag"] = etag
        return response


@lru_cache(maxsize=200)
def _weak_etag(body: bytes) -> str:
    return f'W/"{blake2b(body, digest_size=16).hexdigest()}"'
