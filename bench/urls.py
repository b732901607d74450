"""The product's URLs and those of the minimal views."""

from django.urls import path

from bench import minimal_views
from tracetrack.urls import handler400, handler403, handler404, handler500
from tracetrack.urls import urlpatterns as product

__all__ = ["handler400", "handler403", "handler404", "handler500", "urlpatterns"]

urlpatterns = [
    path("bench/empty", minimal_views.empty),
    path("bench/insert", minimal_views.insert),
    path("bench/builds", minimal_views.builds),
    path("bench/invalidate", minimal_views.invalidate),
    *product,
]
