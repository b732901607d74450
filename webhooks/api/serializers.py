"""What requests about webhooks may say, and webhooks and deliveries as JSON."""

from typing import Any

from django_filters import ChoiceFilter
from rest_framework import serializers

from scans.models import Step
from tracetrack.api.filters import StrictFilterSet
from tracetrack.api.list_view import PageParams
from tracetrack.api.params import CleanTextField
from webhooks.models import Delivery, Happening, Webhook

MOST_VALUES = 100
USUAL_OVERLAP = 24 * 3600
LONGEST_OVERLAP = 7 * USUAL_OVERLAP


def _texts(longest: int) -> serializers.ListField:
    return serializers.ListField(
        child=serializers.CharField(max_length=longest), max_length=MOST_VALUES, required=False
    )


def _events(*, required: bool) -> serializers.ListField:
    return serializers.ListField(
        child=serializers.ChoiceField(Happening.choices),
        allow_empty=False,
        max_length=len(Happening),
        required=required,
    )


class NarrowIn(serializers.Serializer[Any]):
    """What a webhook can be narrowed by."""

    steps = serializers.ListField(
        child=serializers.ChoiceField(Step.choices), max_length=len(Step), required=False
    )
    areas = _texts(32)
    bag_types = _texts(32)
    batches = _texts(64)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        for name, value in attrs.items():
            if isinstance(value, list):
                attrs[name] = sorted({str(one) for one in value})
        return attrs


class WebhookIn(NarrowIn):
    """Keyword arguments of actions.create_webhook."""

    name = CleanTextField(max_length=64)
    url = serializers.CharField(max_length=500)
    events = _events(required=True)


class ChangeIn(NarrowIn):
    """What of a webhook can be changed; what is left out stays."""

    name = CleanTextField(max_length=64, required=False)
    url = serializers.CharField(max_length=500, required=False)
    events = _events(required=False)
    state = serializers.ChoiceField(["active", "paused"], required=False)


class NewSecretIn(serializers.Serializer[Any]):
    """How long the old secret goes on beside the new one."""

    overlap_seconds = serializers.IntegerField(
        min_value=0, max_value=LONGEST_OVERLAP, default=USUAL_OVERLAP
    )


class DeliveryFilterSet(StrictFilterSet):
    """What the log of deliveries can be narrowed by."""

    state = ChoiceFilter(choices=Delivery.State.choices)

    class Meta:
        model = Delivery
        fields: list[str] = []


class DeliveryListIn(PageParams):
    """Parameters of the log of deliveries: where it goes on."""

    per_page = serializers.IntegerField(min_value=1, max_value=100, default=50)
    order = serializers.ChoiceField(["-id", "id"], default="-id")


def webhook_json(webhook: Webhook) -> dict[str, Any]:
    """A webhook, without its secret."""
    return {
        "id": webhook.pk,
        "name": webhook.name,
        "url": webhook.url,
        "events": webhook.events,
        "steps": webhook.steps,
        "areas": webhook.areas,
        "bag_types": webhook.bag_types,
        "batches": webhook.batches,
        "state": webhook.state,
        "paused_why": webhook.paused_why,
        "failures": webhook.failures,
        "failing_since": _moment(webhook.failing_since),
        "old_secret_until": _moment(webhook.old_until),
        "created_at": _moment(webhook.created_at),
    }


def delivery_json(delivery: Delivery) -> dict[str, Any]:
    """A delivery: what was sent, and what came of it."""
    return {
        "id": delivery.pk,
        "event": str(delivery.event.uid),
        "type": delivery.event.kind,
        "sequence": delivery.event.pk,
        "replay": delivery.replay,
        "state": delivery.state,
        "attempts": delivery.attempts,
        "created_at": _moment(delivery.created_at),
        "due_at": _moment(delivery.due_at) if delivery.state == Delivery.State.WAITING else None,
        "tried_at": _moment(delivery.tried_at),
        "took_ms": delivery.took_ms,
        "status": delivery.status,
        "answer": delivery.answer,
        "error": delivery.error,
    }


def _moment(moment: Any) -> str | None:
    return moment.isoformat() if moment else None
