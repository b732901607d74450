"""Webhooks to test with, and the work of a worker done here and now."""

from datetime import timedelta
from typing import Any

from django.utils import timezone

from accounts.models import User
from tests.webhook_receiver import Receiver
from webhooks import delivery, matching, queries
from webhooks.actions import create_webhook
from webhooks.models import Delivery, Happening, Webhook

EVERYTHING = sorted(Happening.values)


def make_webhook(owner: User, url: str, **fields: Any) -> Webhook:
    """A webhook that wants everything, unless `fields` say otherwise."""
    return create_webhook(actor=owner, url=url, **{"name": "erp", "events": EVERYTHING} | fields)[0]


def work() -> None:
    """What a worker would do now: match, then send what is due in every lane."""
    matching.match()
    for webhook in Webhook.objects.order_by("id"):
        for lane in range(queries.LANES):
            delivery.deliver(webhook=webhook.pk, lane=lane, stopping=bool)


def states() -> list[str]:
    """What became of the deliveries, in their order."""
    return [row.state for row in Delivery.objects.order_by("id")]


def codes(receiver: Receiver) -> list[str]:
    """The bags whose scans arrived, as they arrived."""
    return [received.event["data"]["scan"]["code"] for received in receiver.all]


def time_passes(**span: float) -> None:
    """As if all that there is were so much older, and every pause were over."""
    for row in Delivery.objects.all():
        row.created_at -= timedelta(**span)
        row.due_at = timezone.now()
        row.save()
    for webhook in Webhook.objects.all():
        webhook.rests_until = None
        since = webhook.failing_since
        webhook.failing_since = since and since - timedelta(**span)
        webhook.save()
