"""Endpoints of statistics and of the signed-in user; resets of the cache and the pool."""

from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from rest_framework.request import Request

from accounts.models import User
from dashboard import actions
from dashboard.stats import cached_queries, queries
from dashboard.stats.serializers import BatchStatsIn, CacheClearIn, OverviewIn, user_json
from tracetrack.api.cached_view import CachedView
from tracetrack.api.view import ApiView, json_response
from tracetrack.ops.pool_reset import reset_pool


class DashboardUltra(CachedView):
    """GET /api/v3/dashboard/ultra"""

    permissions = {"GET": "dashboard.view_dashboard"}
    rate_limits = {"GET": "dashboard"}
    parameters = OverviewIn

    @classmethod
    def payload(cls, user: User, **params: Any) -> tuple[bytes, bool]:
        return cached_queries.overview(user, **params)


class CurrentUser(ApiView):
    """GET /api/v3/users/me"""

    permissions = {"GET": "dashboard.view_dashboard"}

    def get(self, request: Request) -> HttpResponse:
        return json_response(user_json(self.actor))


class CurrentUserStats(ApiView):
    """GET /api/v3/users/me/stats"""

    permissions = {"GET": "dashboard.view_dashboard"}

    def get(self, request: Request) -> HttpResponse:
        return json_response(cached_queries.user_stats(self.actor))


class BatchStats(ApiView):
    """POST /api/v3/batch/stats"""

    permissions = {"POST": "dashboard.view_dashboard"}

    def post(self, request: Request) -> HttpResponse:
        now = timezone.now()
        statistics = queries.batch_stats(self.actor, **self.body(BatchStatsIn), now=now)
        return json_response({"success": True, **statistics, "generated_at": now.isoformat()})


class CacheClear(ApiView):
    """POST /api/v3/cache/clear"""

    permissions = {"POST": "accounts.clear_cache"}

    def post(self, request: Request) -> HttpResponse:
        params = self.body(CacheClearIn)
        cleared = actions.clear_cache(actor=self.actor, **params)
        return json_response({"success": True, **params, "cleared": cleared})


class PoolReset(ApiView):
    """POST /api/v3/pool/reset"""

    permissions = {"POST": "accounts.reset_pool"}

    def post(self, request: Request) -> HttpResponse:
        self.no_body()
        return json_response({"success": True, "closed": reset_pool(actor=self.actor)})
