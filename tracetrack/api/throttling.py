"""Rate limits: requests are counted per token, per user, or per network for anonymous clients."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django_ratelimit.core import get_usage
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from tracetrack.client_ip import client_network
from tracetrack.errors.http import TooManyRequests

# The rate limit of RATE_LIMITS that all requests without a valid user share.
ANONYMOUS = "anonymous"
# Key of request.META under which the usage of a counted request is stored.
USAGE_KEY = "tracetrack.usage"


@dataclass(frozen=True, slots=True)
class Usage:
    """The state of a rate limit after a request was counted.

    limit: requests per window.
    window: seconds.
    remaining: requests left in this window.
    seconds: until the next window begins.
    """

    limit: int
    window: int
    remaining: int
    seconds: int

    def headers(self) -> Mapping[str, str]:
        """Return the rate limit headers of the response."""
        return {
            "RateLimit-Policy": f"{self.limit};w={self.window}",
            "RateLimit-Limit": str(self.limit),
            "RateLimit-Remaining": str(self.remaining),
            "RateLimit-Reset": str(self.seconds),
        }


class RateLimitThrottle(BaseThrottle):
    """Count each request against the rate limit that the view names for its method."""

    def allow_request(self, request: Request, view: Any) -> bool:
        """Return True; raises TooManyRequests."""
        if view.required_permission(request.method) is None:
            # Methods that are open to anyone must work without the database: no user look-up.
            count_anonymous_request(request._request)
        else:
            limit_name = view.rate_limit(request.method)
            count_request(request._request, request.user, request.auth, limit_name)
        return True


def count_request(request: HttpRequest, user: Any, token: Any, limit_name: str) -> None:
    """Count a request of a token, user or anonymous client; raises TooManyRequests.

    `limit_name` is a key of RATE_LIMITS. Anonymous clients are counted by network against the
    limit "anonymous" instead. Nothing is counted if RATE_LIMITS lacks the name.
    """
    if token is not None:
        client = f"token {token.pk}"
    elif user is not None and user.is_authenticated:
        client = f"user {user.pk}"
    else:
        client, limit_name = f"address {client_network(request)}", ANONYMOUS
    rate = settings.RATE_LIMITS.get(limit_name)
    if rate is None:
        return
    counted = get_usage(
        request,
        group=f"api {limit_name}",
        key=lambda group, request: client,
        rate=rate,
        increment=True,
    )
    if counted is None:
        return
    remaining = max(0, counted["limit"] - counted["count"])
    usage = Usage(rate[0], rate[1], remaining, max(1, counted["time_left"]))
    request.META[USAGE_KEY] = usage
    if counted["should_limit"]:
        raise TooManyRequests(seconds=usage.seconds, limit=usage.limit, window=usage.window)


def count_anonymous_request(request: HttpRequest) -> None:
    """Count a request without a valid user, unless it is counted already.

    Raises TooManyRequests.
    """
    if USAGE_KEY not in request.META:
        count_request(request, None, None, ANONYMOUS)


def add_headers(request: HttpRequest, response: HttpResponseBase) -> None:
    """Add the rate limit headers to the response of a counted request."""
    for name, value in headers(request).items():
        response.headers[name] = value


def headers(request: HttpRequest) -> Mapping[str, str]:
    """Return the rate limit headers for a request, empty if it was not counted."""
    usage = request.META.get(USAGE_KEY)
    return {} if usage is None else usage.headers()
