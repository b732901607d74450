"""All endpoints under `/api/v3/`, in one table.

The first match wins. The code of a bag or batch may contain slashes, so a route that ends with a
code follows the routes that append a word to it.
"""

from django.urls import path

from accounts.api import views as accounts
from bags.api import resources
from bags.api import views as bags
from dashboard.stats import list_counts
from dashboard.stats import views as stats
from graphql_api import views as graph
from scans.api import views as scans
from tracetrack.openapi import views as openapi
from tracetrack.ops import health
from webhooks.api import views as webhooks

urlpatterns = [
    path("health", health.Health.as_view(), name="api-health"),
    path("openapi.json", openapi.OpenApi.as_view(), name="api-openapi"),
    path("docs", openapi.Docs.as_view(), name="api-docs"),
    path("graphql", graph.GraphQLView.as_view(), name="api-graphql"),
    path("dashboard/ultra", stats.DashboardUltra.as_view(), name="api-ultra"),
    path("users/me", stats.CurrentUser.as_view(), name="api-me"),
    path("users/me/stats", stats.CurrentUserStats.as_view(), name="api-my-stats"),
    path("batch/stats", stats.BatchStats.as_view(), name="api-batch-stats"),
    path("cache/clear", stats.CacheClear.as_view(), name="api-cache-clear"),
    path("pool/reset", stats.PoolReset.as_view(), name="api-pool-reset"),
    path("tokens", accounts.Tokens.as_view(), name="api-tokens"),
    path("tokens/<int:token>", accounts.TokenDetail.as_view(), name="api-token"),
    path("tokens/<int:token>/rotate", accounts.TokenRotate.as_view(), name="api-token-rotate"),
    path("tokens/<int:token>/revoke", accounts.TokenRevoke.as_view(), name="api-token-revoke"),
    path("webhooks", webhooks.Webhooks.as_view(), name="api-webhooks"),
    path("webhooks/<int:webhook>", webhooks.WebhookDetail.as_view(), name="api-webhook"),
    path(
        "webhooks/<int:webhook>/rotate", webhooks.RotateSecret.as_view(), name="api-webhook-rotate"
    ),
    path("webhooks/<int:webhook>/test", webhooks.SendTest.as_view(), name="api-webhook-test"),
    path(
        "webhooks/<int:webhook>/deliveries",
        webhooks.Deliveries.as_view(),
        name="api-webhook-deliveries",
    ),
    path(
        "webhooks/<int:webhook>/deliveries/<int:delivery>/replay",
        webhooks.ReplayDelivery.as_view(),
        name="api-webhook-replay",
    ),
    path("areas", resources.Areas.as_view(), name="api-areas"),
    path("areas/<slug:code>", resources.AreaDetail.as_view(), name="api-area"),
    path("bag-types", resources.BagTypes.as_view(), name="api-bag-types"),
    path("bag-types/<slug:name>", resources.BagTypeDetail.as_view(), name="api-bag-type"),
    path("search", bags.Search.as_view(), name="api-search"),
    path("scans", scans.Scans.as_view(count=list_counts.count_scans), name="api-scans"),
    path("scans/bulk", scans.Upload.as_view(), name="api-upload"),
    path("scans/stream", scans.ScanStream.as_view(), name="api-scan-stream"),
    path("scans/<int:scan>/undo", scans.Undo.as_view(), name="api-undo"),
    path("batches", resources.Batches.as_view(count=list_counts.count_batches), name="api-batches"),
    path("batches/<path:code>/recall", scans.Recall.as_view(), name="api-recall"),
    path("batches/<path:code>/hold", resources.Hold.as_view(), name="api-hold"),
    path("batches/<path:code>/release", resources.Release.as_view(), name="api-release"),
    path("batches/<path:code>/close", resources.Close.as_view(), name="api-close"),
    path("batches/<path:code>", resources.BatchDetail.as_view(), name="api-batch"),
    path("bags", bags.Bags.as_view(count=list_counts.count_bags), name="api-bag-list"),
    path("bags/stream", bags.BagStream.as_view(count=list_counts.count_bags), name="api-bags"),
    path("bags/<path:code>/timeline", scans.Timeline.as_view(), name="api-timeline"),
    path("bags/<path:code>/trace", scans.Trace.as_view(), name="api-trace"),
    path("bags/<path:code>/children", bags.Children.as_view(), name="api-children"),
    path("bags/<path:code>", bags.BagDetail.as_view(), name="api-bag"),
]
