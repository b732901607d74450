"""The page of figures about the running system: only what was measured, and where."""

from typing import Any

from django.conf import settings
from django.db import connection
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from dashboard.pages.base import AuthenticatedRequest, permission_page
from tracetrack.db.sql_files import sql
from tracetrack.ops import health, metrics


@require_safe
@permission_page("accounts.view_system")
def system(request: AuthenticatedRequest) -> HttpResponse:
    """/system: pool, queue, cache, memory, response times, slow statements."""
    figures = health.process_figures()
    context = {
        "database": health.database_figures(),
        "figures": figures,
        "namespaces": [
            {"name": name, "seconds": settings.CACHE_SECONDS[name], **_hits(counts)}
            for name, counts in figures["cache"]["namespaces"].items()
        ],
        "times": metrics.durations()[:20],
        "latest": metrics.MAX_SAMPLES,
        "workers": settings.WORKERS,
        "running": _rows("tracetrack.statements_running"),
        "slowest": slowest_statements(),
    }
    return render(request, "pages/system.html", context)


def slowest_statements() -> list[dict[str, Any]] | None:
    """The slowest statements on average; None where the server does not count them."""
    with connection.cursor() as cursor:
        cursor.execute(sql("tracetrack.statement_stats_enabled"))
        (counted,) = cursor.fetchone()
    return _rows("tracetrack.statements_slowest") if counted else None


def _hits(counts: dict[str, int]) -> dict[str, Any]:
    found = counts.get("hits_memory", 0) + counts.get("hits_redis", 0)
    asked = found + counts.get("misses", 0)
    return {
        "asked": asked,
        "builds": counts.get("builds", 0),
        "rate": found / asked if asked else None,
    }


def _rows(statement: str) -> list[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(sql(statement))
        names = [column.name for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
