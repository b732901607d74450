"""JSON about webhooks: one's own, and what became of their deliveries."""

from functools import partial

from django.http import HttpResponse
from django.urls import reverse
from rest_framework.request import Request

from tracetrack.http import ApiView, as_json, created
from tracetrack.lists import ListView
from tracetrack.reading import Nothing
from tracetrack.receipts import repeatable, repeatable_with_secret
from webhooks import actions, queries
from webhooks.described import DELIVERY, WEBHOOK
from webhooks.models import Webhook
from webhooks.serializers import (
    ChangeIn,
    DeliveryListIn,
    DeliveryNarrowing,
    NewSecretIn,
    WebhookIn,
    delivery_json,
    webhook_json,
)
from webhooks.signing import secret_of

VIEW = "webhooks.view_webhook"
CHANGE = "webhooks.change_webhook"


class Webhooks(ApiView):
    """GET, POST /api/v3/webhooks"""

    permissions = {"GET": VIEW, "POST": "webhooks.add_webhook"}
    shows = tuple(WEBHOOK)

    def get(self, request: Request) -> HttpResponse:
        mine = Webhook.objects.of(self.actor)
        return as_json({"results": [self.shown(webhook_json(webhook)) for webhook in mine]})

    @repeatable_with_secret(secret_of)
    def post(self, request: Request) -> HttpResponse:
        given = self.body(WebhookIn)
        webhook, secret = actions.create_webhook(actor=self.actor, seed=self.seed, **given)
        return _shown_once(webhook, secret)


class WebhookDetail(ApiView):
    """GET, PATCH, DELETE /api/v3/webhooks/{webhook}"""

    permissions = {"GET": VIEW, "PATCH": CHANGE, "DELETE": CHANGE}
    shows = tuple(WEBHOOK)

    def get(self, request: Request, webhook: int) -> HttpResponse:
        return as_json(self.shown(webhook_json(queries.find_webhook(self.actor, webhook))))

    @repeatable
    def patch(self, request: Request, webhook: int) -> HttpResponse:
        found = queries.find_webhook(self.actor, webhook)
        changes = self.body(ChangeIn)
        changed = actions.change_webhook(actor=self.actor, webhook=found, changes=changes)
        return as_json(webhook_json(changed))

    @repeatable
    def delete(self, request: Request, webhook: int) -> HttpResponse:
        found = queries.find_webhook(self.actor, webhook)
        return as_json(webhook_json(actions.end_webhook(actor=self.actor, webhook=found)))


class Rotate(ApiView):
    """POST /api/v3/webhooks/{webhook}/rotate"""

    permissions = {"POST": CHANGE}

    @repeatable_with_secret(secret_of)
    def post(self, request: Request, webhook: int) -> HttpResponse:
        found = queries.find_webhook(self.actor, webhook)
        rotated, secret = actions.rotate_secret(
            actor=self.actor, webhook=found, seed=self.seed, **self.body(NewSecretIn)
        )
        return _shown_once(rotated, secret)


class Test(ApiView):
    """POST /api/v3/webhooks/{webhook}/test"""

    permissions = {"POST": CHANGE}

    @repeatable
    def post(self, request: Request, webhook: int) -> HttpResponse:
        self.body(Nothing)
        found = queries.find_webhook(self.actor, webhook)
        return as_json(delivery_json(actions.send_test(webhook=found)), status=202)


class Deliveries(ListView):
    """GET /api/v3/webhooks/{webhook}/deliveries"""

    of = "deliveries"
    permissions = {"GET": VIEW}
    parameters = DeliveryListIn
    filterset_class = DeliveryNarrowing
    shows = tuple(DELIVERY)

    def get(self, request: Request, webhook: int) -> HttpResponse:
        found = queries.find_webhook(self.actor, webhook)
        return self.listed(
            partial(queries.log_walked, found, **self.narrowed),
            lambda delivery: self.shown(delivery_json(delivery)),
            scope=str(found.pk),
        )


class Replay(ApiView):
    """POST /api/v3/webhooks/{webhook}/deliveries/{delivery}/replay"""

    permissions = {"POST": CHANGE}

    @repeatable
    def post(self, request: Request, webhook: int, delivery: int) -> HttpResponse:
        self.body(Nothing)
        found = queries.find_webhook(self.actor, webhook)
        again = actions.replay(
            actor=self.actor, webhook=found, delivery=queries.find_delivery(found, delivery)
        )
        return as_json(delivery_json(again), status=202)


def _shown_once(webhook: Webhook, secret: str) -> HttpResponse:
    response = as_json(webhook_json(webhook) | {"secret": secret})
    response.headers["Cache-Control"] = "no-store"
    return created(response, reverse("api-webhook", args=[webhook.pk]))
