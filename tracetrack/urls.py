"""Where everything is mounted."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from bags.urls import api_urls as bag_urls
from dashboard.urls import api_urls as dashboard_urls
from graphql_api.urls import api_urls as graph_urls
from scans.urls import api_urls as scan_urls
from tracetrack import backoffice, health, reference, system
from tracetrack.token_urls import api_urls as token_urls
from webhooks.urls import api_urls as webhook_urls

# The codes of bags take whatever is left of an address, so their table stands last.
api_urls = [
    path("health", health.Health.as_view(), name="api-health"),
    path("openapi.json", reference.OpenApi.as_view(), name="api-openapi"),
    path("docs", reference.Docs.as_view(), name="api-docs"),
]
api_urls += token_urls + webhook_urls + graph_urls + dashboard_urls + scan_urls + bag_urls

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", health.alive, name="alive"),
    path("system", system.system, name="system"),
    path("api/v3/", include(api_urls)),
    path("admin/login/", backoffice.log_in),
    path("admin/", admin.site.urls),
    path("", include("dashboard.page_urls")),
]

handler400 = "tracetrack.refusals.bad_request"
handler403 = "tracetrack.refusals.forbidden"
handler404 = "tracetrack.refusals.not_found"
handler500 = "tracetrack.refusals.server_error"
