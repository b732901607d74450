"""Response times of this process by endpoint, in memory only."""

from collections import deque
from collections.abc import Callable
from time import perf_counter
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase

# Durations kept per endpoint, the latest ones. The number of endpoints is that of the URL patterns.
MAX_SAMPLES = 500
_samples: dict[str, deque[float]] = {}


class TimingMiddleware:
    """Measures the time until the response; of a streamed one, until its first chunk."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        started = perf_counter()
        response = self.get_response(request)
        if request.resolver_match:
            endpoint = f"{request.method} /{request.resolver_match.route}"
            record_duration(endpoint, perf_counter() - started)
        return response


def record_duration(endpoint: str, seconds: float) -> None:
    """Record the duration of one response. `endpoint` is method and route: "GET /api/v3/bags"."""
    samples = _samples.get(endpoint)
    if samples is None:
        samples = _samples.setdefault(endpoint, deque(maxlen=MAX_SAMPLES))
    samples.append(seconds)


def durations() -> list[dict[str, Any]]:
    """Return number and percentiles (ms) of the durations of each endpoint, the slowest first."""
    lines = [_line(endpoint, sorted(samples)) for endpoint, samples in list(_samples.items())]
    return sorted(lines, key=lambda line: -line["p95_ms"])


def reset() -> None:
    """Delete all durations; for tests."""
    _samples.clear()


def _line(endpoint: str, ordered: list[float]) -> dict[str, Any]:
    def percentile(share: float) -> float:
        return round(1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))], 1)

    return {
        "endpoint": endpoint,
        "answers": len(ordered),
        "p50_ms": percentile(0.5),
        "p95_ms": percentile(0.95),
        "most_ms": round(1000 * ordered[-1], 1),
    }
