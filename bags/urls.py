"""The table of the endpoints about bags and batches. A code may hold slashes."""

from django.urls import path

from bags import views

api_urls = [
    path("bags", views.Bags.as_view(), name="api-bag-list"),
    path("bags/stream", views.Bags.as_view(), name="api-bags"),
    path("bags/<path:code>/children", views.Children.as_view(), name="api-children"),
    path("bags/<path:code>", views.BagDetail.as_view(), name="api-bag"),
    path("batches", views.Batches.as_view(), name="api-batches"),
    path("areas", views.Areas.as_view(), name="api-areas"),
    path("bag-types", views.BagTypes.as_view(), name="api-bag-types"),
    path("batches/<path:code>", views.BatchDetail.as_view(), name="api-batch"),
    path("search", views.Search.as_view(), name="api-search"),
]
