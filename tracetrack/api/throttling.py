"""How often somebody may ask: counted by token, by account, or by a stranger's address."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django_ratelimit.core import get_usage

from tracetrack.client_ip import client_network
from tracetrack.errors.http import TooManyRequests

ANONYMOUS = "anonymous"
USAGE_KEY = "tracetrack.usage"


@dataclass(frozen=True, slots=True)
class Usage:
    """How much of an allowance is used: so many in a window, what is left, when the next begins."""

    limit: int
    window: int
    remaining: int
    seconds: int

    def headers(self) -> Mapping[str, str]:
        """What every counted answer tells."""
        return {
            "RateLimit-Policy": f"{self.limit};w={self.window}",
            "RateLimit-Limit": str(self.limit),
            "RateLimit-Remaining": str(self.remaining),
            "RateLimit-Reset": str(self.seconds),
        }


def count_request(request: HttpRequest, user: Any, token: Any, kind: str) -> None:
    """Count this request among those of its token, account or address; raises TooManyRequests.

    Strangers have one allowance by address for everything, that of the kind "anonymous".
    """
    if token is not None:
        who = f"token {token.pk}"
    elif user is not None and user.is_authenticated:
        who = f"user {user.pk}"
    else:
        who, kind = f"address {client_network(request)}", ANONYMOUS
    rate = settings.RATE_LIMITS.get(kind)
    if rate is None:
        return
    counted = get_usage(
        request, group=f"api {kind}", key=lambda group, request: who, rate=rate, increment=True
    )
    if counted is None:
        return
    left = max(0, counted["limit"] - counted["count"])
    usage = Usage(rate[0], rate[1], left, max(1, counted["time_left"]))
    request.META[USAGE_KEY] = usage
    if counted["should_limit"]:
        raise TooManyRequests(seconds=usage.seconds, limit=usage.limit, window=usage.window)


def count_anonymous_request(request: HttpRequest) -> None:
    """Count a request that proved to be nobody's, once; raises TooManyRequests."""
    if USAGE_KEY not in request.META:
        count_request(request, None, None, ANONYMOUS)


def add_headers(request: HttpRequest, response: HttpResponseBase) -> None:
    """Put on an answer, refused or not, what its request left of the allowance."""
    for name, value in headers(request).items():
        response.headers[name] = value


def headers(request: HttpRequest) -> Mapping[str, str]:
    """The headers that say it; none where nothing was counted."""
    usage = request.META.get(USAGE_KEY)
    return {} if usage is None else usage.headers()
