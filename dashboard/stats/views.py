"""Endpoints of statistics and of the signed-in user; resets of the cache and the pool."""

from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from accounts.models import User
from bags.errors import AreaUnknown, BatchUnknown
from dashboard import actions
from dashboard.stats import cached_queries, queries
from dashboard.stats.serializers import (
    BatchStatsIn,
    CacheClearedSerializer,
    CacheClearIn,
    CurrentUserSerializer,
    OverviewIn,
    OverviewSerializer,
    PoolResetSerializer,
    StatisticsSerializer,
    UserStatisticsSerializer,
)
from tracetrack.api.cached_view import CachedView
from tracetrack.api.fields import to_json
from tracetrack.api.view import ApiView, json_response
from tracetrack.errors.problem import BadRequest
from tracetrack.openapi.annotations import raises
from tracetrack.ops.pool_reset import reset_pool


@extend_schema(
    tags=["numbers"],
    summary="Return the statistics of the dashboard",
    description="The response has an `ETag`: with `If-None-Match`, an unchanged one gives 304. "
    "`area` restricts all numbers except those of batches to one area; `period` applies to "
    "`top_operators`, `funnel`, `by_area[].scans` and `period`.",
    responses=OverviewSerializer,
)
@raises(AreaUnknown)
class DashboardUltra(CachedView):
    """GET /api/v3/dashboard/ultra

    It does not override get(), because the fast path would then not serve it.
    """

    permissions = {"GET": "dashboard.view_dashboard"}
    rate_limits = {"GET": "dashboard"}
    parameters = OverviewIn

    @classmethod
    def payload(cls, user: User, **params: Any) -> tuple[bytes, bool]:
        return cached_queries.overview(user, **params)


@extend_schema(tags=["account"])
class CurrentUser(ApiView):
    """GET /api/v3/users/me"""

    permissions = {"GET": "dashboard.view_dashboard"}

    @extend_schema(summary="Return the current user", responses=CurrentUserSerializer)
    def get(self, request: Request) -> HttpResponse:
        return json_response(to_json(CurrentUserSerializer, self.actor))


@extend_schema(tags=["account"])
class CurrentUserStats(ApiView):
    """GET /api/v3/users/me/stats"""

    permissions = {"GET": "dashboard.view_dashboard"}

    @extend_schema(
        summary="Return the scan counts of the current user", responses=UserStatisticsSerializer
    )
    def get(self, request: Request) -> HttpResponse:
        return json_response(cached_queries.user_stats(self.actor))


@extend_schema(tags=["numbers"])
class BatchStats(ApiView):
    """POST /api/v3/batch/stats"""

    permissions = {"POST": "dashboard.view_dashboard"}

    @extend_schema(
        summary="Return several statistics", request=BatchStatsIn, responses=StatisticsSerializer
    )
    @raises(BatchUnknown)
    def post(self, request: Request) -> HttpResponse:
        now = timezone.now()
        statistics = queries.batch_stats(self.actor, **self.body(BatchStatsIn), now=now)
        return json_response({"success": True, **statistics, "generated_at": now.isoformat()})


@extend_schema(tags=["running it"])
class CacheClear(ApiView):
    """POST /api/v3/cache/clear"""

    permissions = {"POST": "accounts.clear_cache"}

    @extend_schema(
        summary="Delete cache entries", request=CacheClearIn, responses=CacheClearedSerializer
    )
    @raises(BadRequest)
    def post(self, request: Request) -> HttpResponse:
        params = self.body(CacheClearIn)
        cleared = actions.clear_cache(actor=self.actor, **params)
        return json_response({"success": True, **params, "cleared": cleared})


@extend_schema(tags=["running it"])
class PoolReset(ApiView):
    """POST /api/v3/pool/reset"""

    permissions = {"POST": "accounts.reset_pool"}

    @extend_schema(
        summary="Replace the database connections of every process",
        request=None,
        responses=PoolResetSerializer,
    )
    def post(self, request: Request) -> HttpResponse:
        self.no_body()
        return json_response({"success": True, "closed": reset_pool(actor=self.actor)})
