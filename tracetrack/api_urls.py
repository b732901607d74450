"""All endpoints under `/api/v3/`, in one table.

The first match wins. The code of a bag or batch may contain slashes, so a route that ends with a
code follows the routes that append a word to it.
"""

from django.urls import path

from accounts.api import views as accounts
from bags.api import areas, bag_types, bags, batches
from dashboard.stats import list_counts
from dashboard.stats import views as stats
from graphql_api import views as graph
from scans.api import views as scans
from tracetrack.openapi import views as openapi
from tracetrack.ops import health
from webhooks.api import views as webhooks

app_name = "api"

urlpatterns = [
    path("health", health.Health.as_view(), name="health"),
    path("openapi.json", openapi.OpenApi.as_view(), name="openapi"),
    path("docs", openapi.Docs.as_view(), name="docs"),
    path("graphql", graph.GraphQLView.as_view(), name="graphql"),
    path("dashboard/ultra", stats.DashboardUltra.as_view(), name="ultra"),
    path("users/me", stats.CurrentUser.as_view(), name="me"),
    path("users/me/stats", stats.CurrentUserStats.as_view(), name="my-stats"),
    path("batch/stats", stats.BatchStats.as_view(), name="batch-stats"),
    path("cache/clear", stats.CacheClear.as_view(), name="cache-clear"),
    path("pool/reset", stats.PoolReset.as_view(), name="pool-reset"),
    path("tokens", accounts.Tokens.as_view(), name="tokens"),
    path("tokens/<int:token>", accounts.TokenDetail.as_view(), name="token"),
    path("tokens/<int:token>/rotate", accounts.TokenRotate.as_view(), name="token-rotate"),
    path("tokens/<int:token>/revoke", accounts.TokenRevoke.as_view(), name="token-revoke"),
    path("webhooks", webhooks.Webhooks.as_view(), name="webhooks"),
    path("webhooks/<int:webhook>", webhooks.WebhookDetail.as_view(), name="webhook"),
    path("webhooks/<int:webhook>/rotate", webhooks.RotateSecret.as_view(), name="webhook-rotate"),
    path("webhooks/<int:webhook>/test", webhooks.SendTest.as_view(), name="webhook-test"),
    path(
        "webhooks/<int:webhook>/deliveries",
        webhooks.Deliveries.as_view(),
        name="webhook-deliveries",
    ),
    path(
        "webhooks/<int:webhook>/deliveries/<int:delivery>/replay",
        webhooks.ReplayDelivery.as_view(),
        name="webhook-replay",
    ),
    path("areas", areas.Areas.as_view(), name="areas"),
    path("areas/<slug:code>", areas.AreaDetail.as_view(), name="area"),
    path("bag-types", bag_types.BagTypes.as_view(), name="bag-types"),
    path("bag-types/<slug:name>", bag_types.BagTypeDetail.as_view(), name="bag-type"),
    path("search", bags.Search.as_view(), name="search"),
    path("scans", scans.Scans.as_view(count=list_counts.count_scans), name="scans"),
    path("scans/bulk", scans.Upload.as_view(), name="upload"),
    path("scans/stream", scans.ScanStream.as_view(), name="scan-stream"),
    path("scans/<int:scan>/undo", scans.Undo.as_view(), name="undo"),
    path("batches", batches.Batches.as_view(count=list_counts.count_batches), name="batches"),
    path("batches/<path:code>/recall", scans.Recall.as_view(), name="recall"),
    path("batches/<path:code>/hold", batches.BatchHold.as_view(), name="hold"),
    path("batches/<path:code>/release", batches.BatchRelease.as_view(), name="release"),
    path("batches/<path:code>/close", batches.BatchClose.as_view(), name="close"),
    path("batches/<path:code>", batches.BatchDetail.as_view(), name="batch"),
    path("bags", bags.Bags.as_view(count=list_counts.count_bags), name="bags"),
    path("bags/stream", bags.BagStream.as_view(count=list_counts.count_bags), name="bag-stream"),
    path("bags/<path:code>/timeline", scans.Timeline.as_view(), name="timeline"),
    path("bags/<path:code>/trace", scans.Trace.as_view(), name="trace"),
    path("bags/<path:code>/children", bags.BagChildren.as_view(), name="children"),
    path("bags/<path:code>", bags.BagDetail.as_view(), name="bag"),
]
