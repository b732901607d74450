"""Root URL configuration: the admin, the API and the pages."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from tracetrack import admin_bases
from tracetrack.ops import health

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", health.alive, name="alive"),
    path("api/v3/", include("tracetrack.api_urls")),
    path("admin/login/", admin_bases.log_in),
    path("admin/", admin.site.urls),
    path("", include("dashboard.urls")),
]

handler400 = "tracetrack.errors.handler.bad_request"
handler403 = "tracetrack.errors.handler.forbidden"
handler404 = "tracetrack.errors.handler.not_found"
handler500 = "tracetrack.errors.handler.server_error"
