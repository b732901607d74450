"""Are we well? alive() answers without asking anybody; Health asks cheap questions only."""

import time
from functools import cache as once
from typing import Any

import psutil
import psycopg
from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpRequest, HttpResponse
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.request import Request

from tracetrack import cache
from tracetrack.api.view import ApiView, json_response
from tracetrack.db import pool
from webhooks.queries import backlog

PATIENCE_SECONDS = 2.0
SEES_FIGURES = "accounts.view_system"


def alive(request: HttpRequest) -> HttpResponse:
    """GET /healthz: this process answers; nothing else is asked."""
    return HttpResponse("ok\n", content_type="text/plain")


@extend_schema_serializer(examples=[OpenApiExample("Healthy", {"status": "ok"})])
class HealthSerializer(serializers.Serializer[Any]):
    """Whether the system works. All other fields are for users who may see the system page."""

    # Apps may add figures of their own.
    has_extra_fields = True
    status = serializers.ChoiceField(["ok", "down"])
    database = serializers.DictField(required=False)
    pool = serializers.DictField(required=False)
    queue = serializers.DictField(required=False)
    webhooks = serializers.DictField(required=False)
    cache = serializers.DictField(required=False)
    memory = serializers.DictField(required=False)
    process = serializers.DictField(required=False)


@extend_schema(tags=["running it"])
class Health(ApiView):
    """GET /api/v3/health: whether we can work; the figures for those who run the system."""

    permissions = {"GET": None}

    @extend_schema(
        summary="Return whether the system works",
        description="Users who may see the system page also get its figures.",
        responses={200: HealthSerializer, 503: HealthSerializer},
    )
    def get(self, request: Request) -> HttpResponse:
        database = database_figures()
        well = database["reachable"] and database["migrations_pending"] == 0
        answer: dict[str, Any] = {"status": "ok" if well else "down"}
        # Who is asking is a question to the database: only where it answers.
        if database["reachable"] and request.user.has_perm(SEES_FIGURES):
            answer |= {"database": database, "webhooks": backlog(), **process_figures()}
        response = json_response(answer, status=200 if well else 503)
        response["Cache-Control"] = "no-store"
        return response


def database_figures() -> dict[str, Any]:
    """Whether the database answers, how fast, and whether its tables are those of this code."""
    started = time.perf_counter()
    try:
        _ask()
        latency = time.perf_counter() - started
        pending = len(_known_migrations() - _applied_migrations())
    except (DatabaseError, InterfaceError, psycopg.Error):
        return {"reachable": False, "latency_ms": None, "migrations_pending": None}
    return {
        "reachable": True,
        "latency_ms": round(latency * 1000, 3),
        "migrations_pending": pending,
    }


def process_figures() -> dict[str, Any]:
    """What this process knows of itself: its pool, the queue before it, the cache, its memory."""
    connections = pool.stats()
    process = psutil.Process()
    return {
        "pool": connections,
        "queue": {
            "waiting": connections.get("requests_waiting", 0),
            "limit": settings.DB_POOL_WAITING,
        },
        "cache": cache.stats(),
        "memory": {"rss_bytes": process.memory_info().rss},
        "process": {
            "pid": process.pid,
            "uptime_seconds": round(time.time() - process.create_time()),
        },
    }


def _ask() -> None:
    own = getattr(connection, "pool", None)
    if own is None or connection.connection is not None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        return
    # Who asks after our health must hear of a dead database sooner than a scanner gives up.
    own.open()
    with own.connection(timeout=PATIENCE_SECONDS) as direct:
        direct.execute("SELECT 1")


@once
def _known_migrations() -> frozenset[tuple[str, str]]:
    loader = MigrationLoader(None)
    return frozenset(loader.disk_migrations)


def _applied_migrations() -> set[tuple[str, str]]:
    # Django's own recorder first asks whether its table is there: a look into the catalogue.
    rows = MigrationRecorder.Migration.objects.values_list("app", "name")
    return set(rows)
