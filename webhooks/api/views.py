"""Endpoints of the user's own webhooks and their deliveries."""

from functools import partial
from typing import Any

from django.http import HttpResponse
from django.urls import reverse
from rest_framework.request import Request

from tracetrack.api.conditional import expected_versions
from tracetrack.api.idempotency import idempotent, idempotent_with_secret
from tracetrack.api.list_view import ListView
from tracetrack.api.params import NoParams
from tracetrack.api.row_version import version_of
from tracetrack.api.view import ApiView, created_response, json_response
from webhooks import actions, queries
from webhooks.api.described import DELIVERY, WEBHOOK
from webhooks.api.serializers import (
    DeliveryFilterSet,
    DeliveryListIn,
    RotateSecretIn,
    WebhookChangeIn,
    WebhookIn,
    delivery_json,
    webhook_json,
)
from webhooks.models import VERSIONED_FIELDS, Webhook
from webhooks.signing import derive_secret

VIEW_WEBHOOKS = "webhooks.view_webhook"
CHANGE_WEBHOOKS = "webhooks.change_webhook"


class Webhooks(ApiView):
    """GET, POST /api/v3/webhooks"""

    permissions = {"GET": VIEW_WEBHOOKS, "POST": "webhooks.add_webhook"}
    fields = tuple(WEBHOOK)

    def get(self, request: Request) -> HttpResponse:
        webhooks = Webhook.objects.owned_by(self.actor)
        return json_response(
            {"results": [self.select_fields(webhook_json(webhook)) for webhook in webhooks]}
        )

    @idempotent_with_secret(derive_secret)
    def post(self, request: Request) -> HttpResponse:
        fields = self.body(WebhookIn)
        webhook, secret = actions.create_webhook(
            actor=self.actor, secret_seed=self.secret_seed, **fields
        )
        return _with_secret(webhook, secret)


class WebhookDetail(ApiView):
    """GET, PATCH, DELETE /api/v3/webhooks/{webhook}"""

    permissions = {"GET": VIEW_WEBHOOKS, "PATCH": CHANGE_WEBHOOKS, "DELETE": CHANGE_WEBHOOKS}
    fields = tuple(WEBHOOK)

    def get(self, request: Request, webhook: int) -> HttpResponse:
        return _webhook_response(self, queries.find_webhook(self.actor, webhook))

    @idempotent
    def patch(self, request: Request, webhook: int) -> HttpResponse:
        found = queries.find_webhook(self.actor, webhook)
        changes = self.body(WebhookChangeIn)
        changed = actions.change_webhook(webhook=found, changes=changes, **_change_context(self))
        return _webhook_response(self, changed)

    @idempotent
    def delete(self, request: Request, webhook: int) -> HttpResponse:
        found = queries.find_webhook(self.actor, webhook)
        return _webhook_response(self, actions.end_webhook(webhook=found, **_change_context(self)))


class RotateSecret(ApiView):
    """POST /api/v3/webhooks/{webhook}/rotate"""

    permissions = {"POST": CHANGE_WEBHOOKS}

    @idempotent_with_secret(derive_secret)
    def post(self, request: Request, webhook: int) -> HttpResponse:
        found = queries.find_webhook(self.actor, webhook)
        rotated, secret = actions.rotate_secret(
            webhook=found,
            secret_seed=self.secret_seed,
            **self.body(RotateSecretIn),
            **_change_context(self),
        )
        return _with_secret(rotated, secret)


class SendTest(ApiView):
    """POST /api/v3/webhooks/{webhook}/test"""

    permissions = {"POST": CHANGE_WEBHOOKS}

    @idempotent
    def post(self, request: Request, webhook: int) -> HttpResponse:
        self.body(NoParams)
        found = queries.find_webhook(self.actor, webhook)
        return json_response(delivery_json(actions.send_test(webhook=found)), status=202)


class Deliveries(ListView):
    """GET /api/v3/webhooks/{webhook}/deliveries"""

    list_name = "deliveries"
    permissions = {"GET": VIEW_WEBHOOKS}
    parameters = DeliveryListIn
    filterset_class = DeliveryFilterSet
    fields = tuple(DELIVERY)

    def get(self, request: Request, webhook: int) -> HttpResponse:
        found = queries.find_webhook(self.actor, webhook)
        return self.page(
            partial(queries.delivery_page, found, **self.filters),
            lambda delivery: self.select_fields(delivery_json(delivery)),
            visibility=str(found.pk),
        )


class ReplayDelivery(ApiView):
    """POST /api/v3/webhooks/{webhook}/deliveries/{delivery}/replay"""

    permissions = {"POST": CHANGE_WEBHOOKS}

    @idempotent
    def post(self, request: Request, webhook: int, delivery: int) -> HttpResponse:
        self.body(NoParams)
        found = queries.find_webhook(self.actor, webhook)
        again = actions.replay_delivery(
            actor=self.actor, webhook=found, delivery=queries.find_delivery(found, delivery)
        )
        return json_response(delivery_json(again), status=202)


def _webhook_response(view: ApiView, webhook: Webhook) -> HttpResponse:
    return json_response(
        view.select_fields(webhook_json(webhook)), version=version_of(webhook, VERSIONED_FIELDS)
    )


def _change_context(view: ApiView) -> dict[str, Any]:
    """Return the arguments of every change: the actor, and the versions from If-Match."""
    return {"actor": view.actor, "expected": expected_versions(view.request._request)}


def _with_secret(webhook: Webhook, secret: str) -> HttpResponse:
    body = webhook_json(webhook) | {"secret": secret}
    response = json_response(body, version=version_of(webhook, VERSIONED_FIELDS))
    response.headers["Cache-Control"] = "no-store"
    return created_response(response, reverse("api-webhook", args=[webhook.pk]))
