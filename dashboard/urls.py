"""The table of the endpoints about numbers; the pages have their own, in page_urls.py."""

from django.urls import path

from dashboard import views

api_urls = [
    path("dashboard/ultra", views.Ultra.as_view(), name="api-ultra"),
    path("users/me", views.Me.as_view(), name="api-me"),
    path("users/me/stats", views.MyStats.as_view(), name="api-my-stats"),
    path("batch/stats", views.BatchStats.as_view(), name="api-batch-stats"),
    path("cache/clear", views.CacheClear.as_view(), name="api-cache-clear"),
    path("pool/reset", views.PoolReset.as_view(), name="api-pool-reset"),
]
