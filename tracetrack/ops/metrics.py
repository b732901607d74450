"""How long this process took to answer lately: measured on every request, kept in memory only."""

from collections import deque
from collections.abc import Callable
from time import perf_counter
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase

# The latest so many of each endpoint; endpoints are as many as the table of addresses has lines.
LATEST = 500
_taken: dict[str, deque[float]] = {}


class TimingMiddleware:
    """Measures from the first line of ours to the last; a stream counts until its first piece."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        started = perf_counter()
        response = self.get_response(request)
        if request.resolver_match:
            note(f"{request.method} /{request.resolver_match.route}", perf_counter() - started)
        return response


def note(endpoint: str, seconds: float) -> None:
    """One answer of this endpoint took so long."""
    taken = _taken.get(endpoint)
    if taken is None:
        taken = _taken.setdefault(endpoint, deque(maxlen=LATEST))
    taken.append(seconds)


def figures() -> list[dict[str, Any]]:
    """Of each endpoint: how many answers are remembered, and their times in ms; slowest first."""
    lines = [_line(endpoint, sorted(taken)) for endpoint, taken in list(_taken.items())]
    return sorted(lines, key=lambda line: -line["p95_ms"])


def forget() -> None:
    """Begin anew."""
    _taken.clear()


def _line(endpoint: str, taken: list[float]) -> dict[str, Any]:
    def at(share: float) -> float:
        return round(1000 * taken[min(len(taken) - 1, int(share * len(taken)))], 1)

    return {
        "endpoint": endpoint,
        "answers": len(taken),
        "p50_ms": at(0.5),
        "p95_ms": at(0.95),
        "most_ms": round(1000 * taken[-1], 1),
    }
