"""The table of the endpoints about tokens."""

from django.urls import path

from tracetrack import token_views as views

api_urls = [
    path("tokens", views.Tokens.as_view(), name="api-tokens"),
    path("tokens/<int:token>", views.TokenDetail.as_view(), name="api-token"),
    path("tokens/<int:token>/rotate", views.TokenRotate.as_view(), name="api-token-rotate"),
    path("tokens/<int:token>/revoke", views.TokenRevoke.as_view(), name="api-token-revoke"),
]
