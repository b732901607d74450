"""Endpoints of the user's own webhooks and their deliveries."""

from functools import partial

from django.http import HttpResponse
from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from accounts.idempotency import idempotent, idempotent_with_secret
from tracetrack.api.fields import to_json
from tracetrack.api.list_view import ListView
from tracetrack.api.params import NoParams, field_names
from tracetrack.api.row_version import version_of
from tracetrack.api.view import ApiView, created_response, json_response
from tracetrack.errors.problem import BadCursor, Changed, NotFound
from tracetrack.openapi.annotations import links_to, path_parameter, raises
from webhooks import actions, queries
from webhooks.api.serializers import (
    DeliveryFilterSet,
    DeliveryListIn,
    DeliverySerializer,
    NewWebhookSerializer,
    RotateSecretIn,
    WebhookChangeIn,
    WebhookIn,
    WebhookListSerializer,
    WebhookSerializer,
)
from webhooks.errors import DeliveryPending, TooManyWebhooks, WebhookUrlNotAllowed
from webhooks.models import VERSIONED_FIELDS, Webhook
from webhooks.signing import derive_secret

VIEW_WEBHOOKS = "webhooks.view_webhook"
CHANGE_WEBHOOKS = "webhooks.change_webhook"
WEBHOOK_ID = path_parameter("webhook", int, "The id of the webhook.", 3)
DELIVERY_ID = path_parameter("delivery", int, "The id of the delivery.", 4711)
REPLAY_PATH = "webhooks/{webhook}/deliveries/{delivery}/replay"


@extend_schema(tags=["webhooks"])
class Webhooks(ApiView):
    """GET, POST /api/v3/webhooks"""

    permissions = {"GET": VIEW_WEBHOOKS, "POST": "webhooks.add_webhook"}
    fields = field_names(WebhookSerializer)

    @extend_schema(summary="List your webhooks", responses=WebhookListSerializer)
    @links_to("webhooks/{webhook}", webhook="results/0/id")
    def get(self, request: Request) -> HttpResponse:
        webhooks = Webhook.objects.owned_by(self.actor)
        return json_response(
            {
                "results": [
                    self.select_fields(to_json(WebhookSerializer, webhook)) for webhook in webhooks
                ]
            }
        )

    @extend_schema(
        summary="Create a webhook",
        description="This response is the only one that contains the secret.",
        request=WebhookIn,
        responses={201: NewWebhookSerializer},
    )
    @raises(WebhookUrlNotAllowed, TooManyWebhooks)
    @links_to("webhooks/{webhook}", webhook="id")
    @idempotent_with_secret(derive_secret)
    def post(self, request: Request) -> HttpResponse:
        fields = self.body(WebhookIn)
        webhook, secret = actions.create_webhook(
            actor=self.actor, secret_seed=self.secret_seed, **fields
        )
        return _with_secret(webhook, secret)


@extend_schema(tags=["webhooks"], parameters=[WEBHOOK_ID])
class WebhookDetail(ApiView):
    """GET, PATCH, DELETE /api/v3/webhooks/{webhook}"""

    permissions = {"GET": VIEW_WEBHOOKS, "PATCH": CHANGE_WEBHOOKS, "DELETE": CHANGE_WEBHOOKS}
    fields = field_names(WebhookSerializer)

    @extend_schema(summary="Return one webhook", responses=WebhookSerializer)
    @raises(NotFound)
    def get(self, request: Request, webhook: int) -> HttpResponse:
        return _webhook_response(self, queries.find_webhook(self.actor, webhook))

    @extend_schema(
        summary="Change, pause or resume a webhook",
        request=WebhookChangeIn,
        responses=WebhookSerializer,
    )
    @raises(NotFound, Changed, WebhookUrlNotAllowed)
    @idempotent
    def patch(self, request: Request, webhook: int) -> HttpResponse:
        found = queries.find_webhook(self.actor, webhook)
        changes = self.body(WebhookChangeIn)
        changed = actions.change_webhook(webhook=found, changes=changes, **self.change_arguments)
        return _webhook_response(self, changed)

    @extend_schema(summary="End a webhook", responses={200: WebhookSerializer})
    @raises(NotFound, Changed)
    @idempotent
    def delete(self, request: Request, webhook: int) -> HttpResponse:
        found = queries.find_webhook(self.actor, webhook)
        return _webhook_response(self, actions.end_webhook(webhook=found, **self.change_arguments))


@extend_schema(tags=["webhooks"], parameters=[WEBHOOK_ID])
class RotateSecret(ApiView):
    """POST /api/v3/webhooks/{webhook}/rotate"""

    permissions = {"POST": CHANGE_WEBHOOKS}

    @extend_schema(
        summary="Give a webhook a new secret",
        description="This response is the only one that contains the new secret.",
        request=RotateSecretIn,
        responses={201: NewWebhookSerializer},
    )
    @raises(NotFound, Changed)
    @idempotent_with_secret(derive_secret)
    def post(self, request: Request, webhook: int) -> HttpResponse:
        found = queries.find_webhook(self.actor, webhook)
        rotated, secret = actions.rotate_secret(
            webhook=found,
            secret_seed=self.secret_seed,
            **self.body(RotateSecretIn),
            **self.change_arguments,
        )
        return _with_secret(rotated, secret)


@extend_schema(tags=["webhooks"], parameters=[WEBHOOK_ID])
class SendTest(ApiView):
    """POST /api/v3/webhooks/{webhook}/test"""

    permissions = {"POST": CHANGE_WEBHOOKS}

    @extend_schema(summary="Send a test event", request=None, responses={202: DeliverySerializer})
    @raises(NotFound)
    @links_to(REPLAY_PATH, webhook="$request.path.webhook", delivery="id")
    @idempotent
    def post(self, request: Request, webhook: int) -> HttpResponse:
        self.body(NoParams)
        found = queries.find_webhook(self.actor, webhook)
        return json_response(
            to_json(DeliverySerializer, actions.send_test(webhook=found)), status=202
        )


@extend_schema(tags=["webhooks"], parameters=[WEBHOOK_ID])
class Deliveries(ListView):
    """GET /api/v3/webhooks/{webhook}/deliveries"""

    list_name = "deliveries"
    permissions = {"GET": VIEW_WEBHOOKS}
    parameters = DeliveryListIn
    filterset_class = DeliveryFilterSet
    fields = field_names(DeliverySerializer)

    @extend_schema(
        summary="List the deliveries of a webhook",
        description="The newest come first.",
        responses=DeliverySerializer(many=True),
    )
    @raises(NotFound, BadCursor)
    @links_to(REPLAY_PATH, webhook="$request.path.webhook", delivery="results/0/id")
    def get(self, request: Request, webhook: int) -> HttpResponse:
        found = queries.find_webhook(self.actor, webhook)
        return self.page(
            partial(queries.delivery_page, found, **self.filters),
            lambda delivery: self.select_fields(to_json(DeliverySerializer, delivery)),
            visibility=str(found.pk),
        )


@extend_schema(tags=["webhooks"], parameters=[WEBHOOK_ID, DELIVERY_ID])
class ReplayDelivery(ApiView):
    """POST /api/v3/webhooks/{webhook}/deliveries/{delivery}/replay"""

    permissions = {"POST": CHANGE_WEBHOOKS}

    @extend_schema(
        summary="Send the event of a delivery again",
        request=None,
        responses={202: DeliverySerializer},
    )
    @raises(NotFound, DeliveryPending)
    @idempotent
    def post(self, request: Request, webhook: int, delivery: int) -> HttpResponse:
        self.body(NoParams)
        found = queries.find_webhook(self.actor, webhook)
        again = actions.replay_delivery(
            actor=self.actor, webhook=found, delivery=queries.find_delivery(found, delivery)
        )
        return json_response(to_json(DeliverySerializer, again), status=202)


def _webhook_response(view: ApiView, webhook: Webhook) -> HttpResponse:
    return json_response(
        view.select_fields(to_json(WebhookSerializer, webhook)),
        version=version_of(webhook, VERSIONED_FIELDS),
    )


def _with_secret(webhook: Webhook, secret: str) -> HttpResponse:
    body = to_json(WebhookSerializer, webhook) | {"secret": secret}
    response = json_response(body, version=version_of(webhook, VERSIONED_FIELDS))
    response.headers["Cache-Control"] = "no-store"
    return created_response(response, reverse("api:webhook", args=[webhook.pk]))
