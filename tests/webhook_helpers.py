"""Test webhooks, and functions that do the work of the worker process in the test itself."""

from datetime import timedelta
from typing import Any

from django.utils import timezone

from accounts.models import User
from tests.webhook_receiver import Receiver
from webhooks import delivery, matching, queries
from webhooks.actions import create_webhook
from webhooks.models import Delivery, EventType, Webhook


def make_webhook(owner: User, url: str, **fields: Any) -> Webhook:
    """Create a webhook that subscribes to all events, unless `fields` set others."""
    defaults: dict[str, Any] = {"name": "erp", "events": sorted(EventType.values)}
    return create_webhook(actor=owner, url=url, **defaults | fields)[0]


def run_worker_once() -> None:
    """Match all events, then send the due deliveries of every partition."""
    matching.match_events()
    for webhook in Webhook.objects.order_by("id"):
        for partition in range(queries.PARTITIONS):
            delivery.deliver_partition(webhook=webhook.pk, partition=partition, should_stop=bool)


def delivery_states() -> list[str]:
    """Return the states of all deliveries in the order of their ids."""
    return [row.state for row in Delivery.objects.order_by("id")]


def received_codes(receiver: Receiver) -> list[str]:
    """Return the bag codes of the scans in the order in which they arrived."""
    return [request.event["data"]["scan"]["code"] for request in receiver.requests]


def age_deliveries(**age: float) -> None:
    """Make all deliveries and failures older by this timedelta, and end every delay."""
    for row in Delivery.objects.all():
        row.created_at -= timedelta(**age)
        row.due_at = timezone.now()
        row.save()
    for webhook in Webhook.objects.all():
        webhook.backoff_until = None
        since = webhook.failing_since
        webhook.failing_since = since and since - timedelta(**age)
        webhook.save()
