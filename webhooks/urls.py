"""The table of the endpoints about webhooks."""

from django.urls import path

from webhooks import views

api_urls = [
    path("webhooks", views.Webhooks.as_view(), name="api-webhooks"),
    path("webhooks/<int:webhook>", views.WebhookDetail.as_view(), name="api-webhook"),
    path("webhooks/<int:webhook>/rotate", views.Rotate.as_view(), name="api-webhook-rotate"),
    path("webhooks/<int:webhook>/test", views.Test.as_view(), name="api-webhook-test"),
    path(
        "webhooks/<int:webhook>/deliveries",
        views.Deliveries.as_view(),
        name="api-webhook-deliveries",
    ),
    path(
        "webhooks/<int:webhook>/deliveries/<int:delivery>/replay",
        views.Replay.as_view(),
        name="api-webhook-replay",
    ),
]
