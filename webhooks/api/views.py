"""JSON about webhooks: one's own, and what became of their deliveries."""

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
from webhooks.api.serializers import ChangeIn, DeliveryFilterSet, DeliveryListIn, NewSecretIn, WebhookIn, delivery_json, webhook_json
from webhooks.models import OWNED, Webhook
from webhooks.signing import secret_of

VIEW = "webhooks.view_webhook"
CHANGE = "webhooks.change_webhook"


class Webhooks(ApiView):
    """GET, POST /api/v3/webhooks"""

    permissions = {"GET": VIEW, "POST": "webhooks.add_webhook"}
    fields = tuple(WEBHOOK)

    def get(self, request: Request) -> HttpResponse:
        mine = Webhook.objects.of(self.actor)
        return json_response(
            {"results": [self.select_fields(webhook_json(webhook)) for webhook in mine]}
        )

    @idempotent_with_secret(secret_of)
    def post(self, request: Request) -> HttpResponse:
        given = self.body(WebhookIn)
        webhook, secret = actions.create_webhook(
            actor=self.actor, secret_seed=self.secret_seed, **given
        )
        return _shown_once(webhook, secret)


class WebhookDetail(ApiView):
    """GET, PATCH, DELETE /api/v3/webhooks/{webhook}"""

    permissions = {"GET": VIEW, "PATCH": CHANGE, "DELETE": CHANGE}
    fields = tuple(WEBHOOK)

    def get(self, request: Request, webhook: int) -> HttpResponse:
        return _webhook(self, queries.find_webhook(self.actor, webhook))

    @idempotent
    def patch(self, request: Request, webhook: int) -> HttpResponse:
        found = queries.find_webhook(self.actor, webhook)
        changes = self.body(ChangeIn)
        changed = actions.change_webhook(webhook=found, changes=changes, **_who(self))
        return _webhook(self, changed)

    @idempotent
    def delete(self, request: Request, webhook: int) -> HttpResponse:
        found = queries.find_webhook(self.actor, webhook)
        return _webhook(self, actions.end_webhook(webhook=found, **_who(self)))


class Rotate(ApiView):
    """POST /api/v3/webhooks/{webhook}/rotate"""

    permissions = {"POST": CHANGE}

    @idempotent_with_secret(secret_of)
    def post(self, request: Request, webhook: int) -> HttpResponse:
        found = queries.find_webhook(self.actor, webhook)
        rotated, secret = actions.rotate_secret(
            webhook=found, secret_seed=self.secret_seed, **self.body(NewSecretIn), **_who(self)
        )
        return _shown_once(rotated, secret)


class Test(ApiView):
    """POST /api/v3/webhooks/{webhook}/test"""

    permissions = {"POST": CHANGE}

    @idempotent
    def post(self, request: Request, webhook: int) -> HttpResponse:
        self.body(NoParams)
        found = queries.find_webhook(self.actor, webhook)
        return json_response(delivery_json(actions.send_test(webhook=found)), status=202)


class Deliveries(ListView):
    """GET /api/v3/webhooks/{webhook}/deliveries"""

    list_name = "deliveries"
    permissions = {"GET": VIEW}
    parameters = DeliveryListIn
    filterset_class = DeliveryFilterSet
    fields = tuple(DELIVERY)

    def get(self, request: Request, webhook: int) -> HttpResponse:
        found = queries.find_webhook(self.actor, webhook)
        return self.page(
            partial(queries.delivery_page, found, **self.filters),
            lambda delivery: self.select_fields(delivery_json(delivery)),
            scope=str(found.pk),
        )


class Replay(ApiView):
    """POST /api/v3/webhooks/{webhook}/deliveries/{delivery}/replay"""

    permissions = {"POST": CHANGE}

    @idempotent
    def post(self, request: Request, webhook: int, delivery: int) -> HttpResponse:
        self.body(NoParams)
        found = queries.find_webhook(self.actor, webhook)
        again = actions.replay(
            actor=self.actor, webhook=found, delivery=queries.find_delivery(found, delivery)
        )
        return json_response(delivery_json(again), status=202)


def _webhook(view: ApiView, webhook: Webhook) -> HttpResponse:
    return json_response(
        view.select_fields(webhook_json(webhook)), version=version_of(webhook, OWNED)
    )


def _who(view: ApiView) -> dict[str, Any]:
    """What every change is told: who makes it, and what it was read as."""
    return {"actor": view.actor, "expected": expected_versions(view.request._request)}


def _shown_once(webhook: Webhook, secret: str) -> HttpResponse:
    shown = webhook_json(webhook) | {"secret": secret}
    response = json_response(shown, version=version_of(webhook, OWNED))
    response.headers["Cache-Control"] = "no-store"
    return created_response(response, reverse("api-webhook", args=[webhook.pk]))
