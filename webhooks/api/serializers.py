"""Input of the webhook endpoints, and webhooks and deliveries as JSON."""

from typing import Any

from django_filters import ChoiceFilter
from rest_framework import serializers

from scans.models import Step
from tracetrack.api.filters import StrictFilterSet
from tracetrack.api.list_view import PageParams
from tracetrack.api.params import CleanTextField
from webhooks.models import Delivery, EventType, Webhook

MAX_FILTER_VALUES = 100
DEFAULT_OVERLAP_SECONDS = 24 * 3600
MAX_OVERLAP_SECONDS = 7 * 24 * 3600


def _text_list(max_chars: int) -> serializers.ListField:
    return serializers.ListField(
        child=serializers.CharField(max_length=max_chars),
        max_length=MAX_FILTER_VALUES,
        required=False,
    )


def _event_list(*, required: bool) -> serializers.ListField:
    return serializers.ListField(
        child=serializers.ChoiceField(EventType.choices),
        allow_empty=False,
        max_length=len(EventType),
        required=required,
    )


class WebhookFiltersIn(serializers.Serializer[Any]):
    """The filters of a webhook; each list is sorted and free of duplicates."""

    steps = serializers.ListField(
        child=serializers.ChoiceField(Step.choices), max_length=len(Step), required=False
    )
    areas = _text_list(32)
    bag_types = _text_list(32)
    batches = _text_list(64)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        for name, value in attrs.items():
            if isinstance(value, list):
                attrs[name] = sorted({str(item) for item in value})
        return attrs


class WebhookIn(WebhookFiltersIn):
    """A new webhook: the keyword arguments of `actions.create_webhook`."""

    name = CleanTextField(max_length=64)
    url = serializers.CharField(max_length=500)
    events = _event_list(required=True)


class WebhookChangeIn(WebhookFiltersIn):
    """Changes to a webhook; fields that are left out stay as they are."""

    name = CleanTextField(max_length=64, required=False)
    url = serializers.CharField(max_length=500, required=False)
    events = _event_list(required=False)
    state = serializers.ChoiceField(["active", "paused"], required=False)


class RotateSecretIn(serializers.Serializer[Any]):
    """For how long deliveries are signed with the previous secret as well."""

    overlap_seconds = serializers.IntegerField(
        min_value=0, max_value=MAX_OVERLAP_SECONDS, default=DEFAULT_OVERLAP_SECONDS
    )


class DeliveryFilterSet(StrictFilterSet):
    """StrictFilterSet of the log of deliveries."""

    state = ChoiceFilter(choices=Delivery.State.choices)

    class Meta:
        model = Delivery
        fields: list[str] = []


class DeliveryListIn(PageParams):
    """Page size and order of the log of deliveries."""

    per_page = serializers.IntegerField(min_value=1, max_value=100, default=50)
    order = serializers.ChoiceField(["-id", "id"], default="-id")


def webhook_json(webhook: Webhook) -> dict[str, Any]:
    """Return the JSON of a webhook, without its secret."""
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
        "failing_since": _isoformat(webhook.failing_since),
        "old_secret_until": _isoformat(webhook.previous_secret_until),
        "created_at": _isoformat(webhook.created_at),
    }


def delivery_json(delivery: Delivery) -> dict[str, Any]:
    """Return the JSON of a delivery: the event and the result of the last attempt."""
    return {
        "id": delivery.pk,
        "event": str(delivery.event.uid),
        "type": delivery.event.kind,
        "sequence": delivery.event.pk,
        "replay": delivery.replay,
        "state": delivery.state,
        "attempts": delivery.attempts,
        "created_at": _isoformat(delivery.created_at),
        "due_at": _isoformat(delivery.due_at) if delivery.state == Delivery.State.WAITING else None,
        "tried_at": _isoformat(delivery.tried_at),
        "took_ms": delivery.took_ms,
        "status": delivery.status,
        "answer": delivery.answer,
        "error": delivery.error,
    }


def _isoformat(instant: Any) -> str | None:
    return instant.isoformat() if instant else None
