"""The product's addresses, and those of the plain ways beside them."""

from django.urls import path

from bench import bare
from tracetrack.urls import handler400, handler403, handler404, handler500
from tracetrack.urls import urlpatterns as product

__all__ = ["handler400", "handler403", "handler404", "handler500", "urlpatterns"]

urlpatterns = [
    path("bench/empty", bare.empty),
    path("bench/insert", bare.insert),
    path("bench/builds", bare.builds),
    path("bench/forget", bare.forget),
    *product,
]
