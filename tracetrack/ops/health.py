"""The health endpoints: /healthz for load balancers, /api/v3/health for operators."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.request import Request

from tracetrack.api.view import ApiView, json_response
from tracetrack.ops.figures import app_figures, database_figures, process_figures

FIGURES_PERMISSION = "accounts.view_system"


def alive(request: HttpRequest) -> HttpResponse:
    """GET /healthz: this process answers. The database is not checked."""
    return HttpResponse("ok\n", content_type="text/plain")


@extend_schema_serializer(examples=[OpenApiExample("Healthy", {"status": "ok"})])
class HealthSerializer(serializers.Serializer[Any]):
    """Whether the system works. All other fields are for users who may see the system page."""

    # Apps may add figures.
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
    """GET /api/v3/health: whether the system works; for operators also its figures."""

    permissions = {"GET": None}

    @extend_schema(
        summary="Return whether the system works",
        description="Users who may see the system page also get its figures.",
        responses={200: HealthSerializer, 503: HealthSerializer},
    )
    def get(self, request: Request) -> HttpResponse:
        database = database_figures()
        is_healthy = database["reachable"] and database["migrations_pending"] == 0
        body: dict[str, Any] = {"status": "ok" if is_healthy else "down"}
        # request.user queries the database, so only if that answers.
        if database["reachable"] and request.user.has_perm(FIGURES_PERMISSION):
            body |= {"database": database, **app_figures(), **process_figures()}
        response = json_response(body, status=200 if is_healthy else 503)
        response["Cache-Control"] = "no-store"
        return response
