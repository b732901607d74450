"""JSON of numbers: the whole dashboard, several statistics at once, and the cache behind them."""

from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from rest_framework.request import Request

from accounts.models import User
from dashboard import actions
from dashboard.stats import cached_queries, queries
from dashboard.stats.serializers import BatchStatsIn, CacheClearIn, OverviewIn, person_json
from tracetrack.api.cached_view import KeptView
from tracetrack.api.view import ApiView, as_json
from tracetrack.db import pool


class Ultra(KeptView):
    """GET /api/v3/dashboard/ultra"""

    permissions = {"GET": "dashboard.view_dashboard"}
    limited = {"GET": "dashboard"}
    parameters = OverviewIn

    @classmethod
    def kept(cls, user: User, **asked: Any) -> tuple[bytes, bool]:
        return cached_queries.overview(user, **asked)


class Me(ApiView):
    """GET /api/v3/users/me"""

    permissions = {"GET": "dashboard.view_dashboard"}

    def get(self, request: Request) -> HttpResponse:
        return as_json(person_json(self.actor))


class MyStats(ApiView):
    """GET /api/v3/users/me/stats"""

    permissions = {"GET": "dashboard.view_dashboard"}

    def get(self, request: Request) -> HttpResponse:
        return as_json(cached_queries.person_stats(self.actor))


class BatchStats(ApiView):
    """POST /api/v3/batch/stats"""

    permissions = {"POST": "dashboard.view_dashboard"}

    def post(self, request: Request) -> HttpResponse:
        now = timezone.now()
        numbers = queries.batch_stats(self.actor, **self.body(BatchStatsIn), now=now)
        return as_json({"success": True, **numbers, "generated_at": now.isoformat()})


class CacheClear(ApiView):
    """POST /api/v3/cache/clear"""

    permissions = {"POST": "tracetrack.clear_cache"}

    def post(self, request: Request) -> HttpResponse:
        asked = self.body(CacheClearIn)
        cleared = actions.clear_cache(actor=self.actor, **asked)
        return as_json({"success": True, **asked, "cleared": cleared})


class PoolReset(ApiView):
    """POST /api/v3/pool/reset"""

    permissions = {"POST": "tracetrack.reset_pool"}

    def post(self, request: Request) -> HttpResponse:
        self.no_body()
        return as_json({"success": True, "closed": pool.reset(actor=self.actor)})
