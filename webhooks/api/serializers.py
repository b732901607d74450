"""Serializers of requests and responses about webhooks and deliveries.

The OpenAPI document shows the docstrings of the serializers as descriptions.
"""

from datetime import datetime
from typing import Any

from django_filters import ChoiceFilter
from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers

from scans.models import Step
from tracetrack.api.fields import CountField, TimestampField
from tracetrack.api.filters import StrictFilterSet
from tracetrack.api.list_view import PageParams
from tracetrack.api.params import CleanTextField
from webhooks.models import TEST_EVENT, Delivery, EventType, Webhook

MAX_FILTER_VALUES = 100
DEFAULT_OVERLAP_SECONDS = 24 * 3600
MAX_OVERLAP_SECONDS = 7 * 24 * 3600

WEBHOOK_EXAMPLE = {
    "id": 3, "name": "erp", "url": "https://erp.example/hook",
    "events": ["parent.dispatched", "scan.recorded"], "steps": [], "areas": ["lucknow"],
    "bag_types": [], "batches": [], "state": "active", "paused_why": "", "failures": 0,
    "failing_since": None, "old_secret_until": None,
    "created_at": "2026-11-24T09:00:00.120000+00:00",
}  # fmt: skip
DELIVERY_EXAMPLE = {
    "id": 4711, "event": "2f1c0f3e-6f0a-4c58-9d40-1c2d0a8f4b11", "type": "parent.dispatched",
    "sequence": 90210, "replay": 0, "state": "failed", "attempts": 84,
    "created_at": "2026-11-24T09:00:00.300000+00:00", "due_at": None,
    "tried_at": "2026-11-27T09:12:00.400000+00:00", "took_ms": 41, "status": 503,
    "answer": "closed", "error": "",
}  # fmt: skip
WAITING_EXAMPLE = DELIVERY_EXAMPLE | {
    "id": 4712, "state": "waiting", "attempts": 0, "due_at": "2026-11-27T10:00:00+00:00",
    "tried_at": None, "took_ms": None, "status": None, "answer": "",
}  # fmt: skip


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


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "New webhook",
            {
                "name": "erp",
                "url": "https://erp.example/hook",
                "events": ["scan.recorded", "parent.dispatched"],
                "areas": ["lucknow"],
            },
        )
    ]
)
class WebhookIn(WebhookFiltersIn):
    """A new webhook. Empty or missing filters select all events."""

    name = CleanTextField(max_length=64)
    url = serializers.CharField(max_length=500)
    events = _event_list(required=True)


@extend_schema_serializer(examples=[OpenApiExample("Pause", {"state": "paused"})])
class WebhookChangeIn(WebhookFiltersIn):
    """Changes to a webhook; fields that are left out stay as they are."""

    name = CleanTextField(max_length=64, required=False)
    url = serializers.CharField(max_length=500, required=False)
    events = _event_list(required=False)
    state = serializers.ChoiceField(["active", "paused"], required=False)


@extend_schema_serializer(examples=[OpenApiExample("Overlap", {"overlap_seconds": 3600})])
class RotateSecretIn(serializers.Serializer[Any]):
    """For how long deliveries are signed with the previous secret as well."""

    overlap_seconds = serializers.IntegerField(
        min_value=0, max_value=MAX_OVERLAP_SECONDS, default=DEFAULT_OVERLAP_SECONDS
    )


class DeliveryFilterSet(StrictFilterSet):
    """Filters of the log of deliveries."""

    state = ChoiceFilter(choices=Delivery.State.choices)

    class Meta:
        model = Delivery
        fields: list[str] = []


class DeliveryListIn(PageParams):
    """Page size and order of the log of deliveries."""

    per_page = serializers.IntegerField(min_value=1, max_value=100, default=50)
    order = serializers.ChoiceField(["-id", "id"], default="-id")


class DueField(TimestampField):
    """The time of the next attempt; null for a delivery that is not waiting."""

    def get_attribute(self, delivery: Delivery) -> datetime | None:
        return delivery.due_at if delivery.state == Delivery.State.WAITING else None


@extend_schema_serializer(examples=[OpenApiExample("Webhook", WEBHOOK_EXAMPLE)])
class WebhookSerializer(serializers.Serializer[Webhook]):
    """A webhook, without its secret."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    url = serializers.CharField()
    events = serializers.ListField(child=serializers.ChoiceField(EventType.choices))
    steps = serializers.ListField(child=serializers.CharField())
    areas = serializers.ListField(child=serializers.CharField())
    bag_types = serializers.ListField(child=serializers.CharField())
    batches = serializers.ListField(child=serializers.CharField())
    state = serializers.ChoiceField(Webhook.State.choices)
    paused_why = serializers.CharField()
    failures = CountField()
    failing_since = TimestampField(allow_null=True)
    old_secret_until = TimestampField(source="previous_secret_until", allow_null=True)
    created_at = TimestampField()


@extend_schema_serializer(examples=[OpenApiExample("Webhooks", {"results": [WEBHOOK_EXAMPLE]})])
class WebhookListSerializer(serializers.Serializer[Any]):
    """The webhooks of a user."""

    results = WebhookSerializer(many=True)


@extend_schema_serializer(
    examples=[OpenApiExample("Webhook", WEBHOOK_EXAMPLE | {"secret": "whsec_q1w2E3r4…"})]
)
class NewWebhookSerializer(WebhookSerializer):
    """A webhook, with its new secret."""

    secret = serializers.CharField()


@extend_schema_serializer(
    examples=[
        OpenApiExample("Failed", DELIVERY_EXAMPLE, status_codes=[200]),
        OpenApiExample("Waiting", WAITING_EXAMPLE, status_codes=[202]),
    ]
)
class DeliverySerializer(serializers.Serializer[Delivery]):
    """A delivery: the event and the result of the last attempt."""

    id = serializers.IntegerField()
    event = serializers.UUIDField(source="event.uid")
    type = serializers.ChoiceField([*EventType.values, TEST_EVENT], source="event.kind")
    sequence = serializers.IntegerField(source="event.pk")
    replay = CountField()
    state = serializers.ChoiceField(Delivery.State.choices)
    attempts = CountField()
    created_at = TimestampField()
    due_at = DueField(allow_null=True)
    tried_at = TimestampField(allow_null=True)
    took_ms = CountField(allow_null=True)
    status = serializers.IntegerField(allow_null=True)
    answer = serializers.CharField()
    error = serializers.CharField()
