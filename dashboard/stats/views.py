"""JSON of numbers: the whole dashboard, several statistics at once, and the cache behind them."""

from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from rest_framework.request import Request

from accounts.models import User
from dashboard import actions
from dashboard.stats import cached_queries, queries
from dashboard.stats.serializers import BatchStatsIn, CacheClearIn, OverviewIn, person_json
from tracetrack.api.cached_view import CachedView
from tracetrack.api.view import ApiView, json_response
from tracetrack.ops.pool_reset import reset_pool


class Ultra(CachedView):
    """GET /api/v3/dashboard/ultra"""

    permissions = {"GET": "dashboard.view_dashboard"}
    rate_limits = {"GET": "dashboard"}
    parameters = OverviewIn

    @classmethod
    def payload(cls, user: User, **asked: Any) -> tuple[bytes, bool]:
        return cached_queries.overview(user, **asked)


class Me(ApiView):
    """GET /api/v3/users/me"""

    permissions = {"GET": "dashboard.view_dashboard"}

    def get(self, request: Request) -> HttpResponse:
        return json_response(person_json(self.actor))


class MyStats(ApiView):
    """GET /api/v3/users/me/stats"""

    permissions = {"GET": "dashboard.view_dashboard"}

    def get(self, request: Request) -> HttpResponse:
        return json_response(cached_queries.person_stats(self.actor))


class BatchStats(ApiView):
    """POST /api/v3/batch/stats"""

    permissions = {"POST": "dashboard.view_dashboard"}

    def post(self, request: Request) -> HttpResponse:
        now = timezone.now()
        numbers = queries.batch_stats(self.actor, **self.body(BatchStatsIn), now=now)
        return json_response({"success": True, **numbers, "generated_at": now.isoformat()})


class CacheClear(ApiView):
    """POST /api/v3/cache/clear"""

    permissions = {"POST": "accounts.clear_cache"}

    def post(self, request: Request) -> HttpResponse:
        asked = self.body(CacheClearIn)
        cleared = actions.clear_cache(actor=self.actor, **asked)
        return json_response({"success": True, **asked, "cleared": cleared})


class PoolReset(ApiView):
    """POST /api/v3/pool/reset"""

    permissions = {"POST": "accounts.reset_pool"}

    def post(self, request: Request) -> HttpResponse:
        self.no_body()
        return json_response({"success": True, "closed": reset_pool(actor=self.actor)})
