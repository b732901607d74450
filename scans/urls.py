"""The table of the endpoints about scans. Stands before that of the bags, whose codes take all.

The list of scans stands where its counters are, in dashboard/urls.py.
"""

from django.urls import path

from scans import views

api_urls = [
    path("scans/bulk", views.Upload.as_view(), name="api-upload"),
    path("scans/stream", views.ScanStream.as_view(), name="api-scan-stream"),
    path("scans/<int:scan>/undo", views.Undo.as_view(), name="api-undo"),
    path("bags/<path:code>/timeline", views.Timeline.as_view(), name="api-timeline"),
    path("bags/<path:code>/trace", views.Trace.as_view(), name="api-trace"),
    path("batches/<path:code>/recall", views.Recall.as_view(), name="api-recall"),
]
