"""The table of the endpoints about numbers; the pages have their own, in page_urls.py."""

from django.urls import path

from bags import resources
from bags import views as bag_views
from dashboard import totals, views
from scans import views as scan_views

api_urls = [
    path("dashboard/ultra", views.Ultra.as_view(), name="api-ultra"),
    path("users/me", views.Me.as_view(), name="api-me"),
    path("users/me/stats", views.MyStats.as_view(), name="api-my-stats"),
    path("batch/stats", views.BatchStats.as_view(), name="api-batch-stats"),
    path("cache/clear", views.CacheClear.as_view(), name="api-cache-clear"),
    path("pool/reset", views.PoolReset.as_view(), name="api-pool-reset"),
    # Lists that say how many there are: who counts is on this floor.
    path("bags", bag_views.Bags.as_view(count=totals.bags), name="api-bag-list"),
    path("bags/stream", bag_views.Bags.as_view(count=totals.bags), name="api-bags"),
    path("batches", resources.Batches.as_view(count=totals.batches), name="api-batches"),
    path("scans", scan_views.Scans.as_view(count=totals.scans), name="api-scans"),
]
