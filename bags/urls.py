"""The table of the endpoints about bags and batches. A code may hold slashes.

The lists of bags and batches stand where their counters are, in dashboard/urls.py.
"""

from django.urls import path

from bags import resources, views

api_urls = [
    path("bags/<path:code>/children", views.Children.as_view(), name="api-children"),
    path("bags/<path:code>", views.BagDetail.as_view(), name="api-bag"),
    path("areas", resources.Areas.as_view(), name="api-areas"),
    path("areas/<slug:code>", resources.AreaDetail.as_view(), name="api-area"),
    path("bag-types", resources.BagTypes.as_view(), name="api-bag-types"),
    path("bag-types/<slug:name>", resources.BagTypeDetail.as_view(), name="api-bag-type"),
    path("batches/<path:code>/hold", resources.Hold.as_view(), name="api-hold"),
    path("batches/<path:code>/release", resources.Release.as_view(), name="api-release"),
    path("batches/<path:code>/close", resources.Close.as_view(), name="api-close"),
    path("batches/<path:code>", resources.BatchDetail.as_view(), name="api-batch"),
    path("search", views.Search.as_view(), name="api-search"),
]
