"""The system page: figures of this process and of the database."""

from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from dashboard.pages.base import AuthenticatedRequest, permission_page
from tracetrack.ops import figures, metrics

MAX_ENDPOINTS = 20


@require_safe
@permission_page("accounts.view_system")
def system(request: AuthenticatedRequest) -> HttpResponse:
    """/system: pool, queue, cache, memory, response times, running and slow statements."""
    process = figures.process_figures()
    context = {
        "database": figures.database_figures(),
        "figures": process,
        "namespaces": [
            {"name": name, "seconds": settings.CACHE_SECONDS[name], **_hit_rate(counts)}
            for name, counts in process["cache"]["namespaces"].items()
        ],
        "times": metrics.durations()[:MAX_ENDPOINTS],
        "latest": metrics.MAX_SAMPLES,
        "workers": settings.WORKERS,
        "running": figures.running_statements(),
        "slowest": figures.slowest_statements(),
    }
    return render(request, "pages/system.html", context)


def _hit_rate(counts: dict[str, int]) -> dict[str, Any]:
    hits = counts.get("hits_memory", 0) + counts.get("hits_redis", 0)
    requests = hits + counts.get("misses", 0)
    return {
        "asked": requests,
        "builds": counts.get("builds", 0),
        "rate": hits / requests if requests else None,
    }
