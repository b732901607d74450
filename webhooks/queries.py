"""Questions about webhooks that need several tables, or SQL."""

from typing import Any

from django.db import connection
from django.db.models import Max, Min, Q
from django.utils import timezone

from accounts.models import User
from tracetrack.api.pagination import Page, paginate
from tracetrack.db.sql_files import sql
from tracetrack.errors.problem import NotFound
from webhooks.models import Delivery, Event, Webhook

# Of one bag all deliveries to a webhook go through one lane, one by one; of others side by side.
LANES = 4
# What is not counted any further.
COUNTED = 10_000


def find_webhook(owner: User, webhook: int) -> Webhook:
    """The owner's webhook with this id; raises NotFound, also for one that has ended."""
    found = Webhook.objects.of(owner).filter(pk=webhook).first()
    if found is None:
        raise NotFound
    return found


def find_delivery(webhook: Webhook, delivery: int) -> Delivery:
    """One delivery of the webhook, with its event; raises NotFound."""
    found = Delivery.objects.filter(webhook=webhook, pk=delivery).select_related("event").first()
    if found is None:
        raise NotFound
    return found


def delivery_page(webhook: Webhook, *, state: str | None = None, **place: Any) -> Page:
    """A page of the webhook's deliveries."""
    rows = Delivery.objects.log_of(webhook).select_related("event")
    return paginate(rows if state is None else rows.filter(state=state), **place)


def next_due(webhook: int, lane: int) -> Delivery | None:
    """What has to go out next in a lane, if there is anything now."""
    now = timezone.now()
    ready = Q(webhook__state="active") | Q(webhook__state="paused", subject="test:0")
    rested = Q(webhook__rests_until=None) | Q(webhook__rests_until__lte=now)
    rows = Delivery.objects.waiting(webhook=webhook, lane=lane).due(now)
    return rows.filter(ready, rested).select_related("event", "webhook__owner").first()


def next_replay(delivery: Delivery) -> int:
    """The number of the next replay of what this delivery sent."""
    same = Delivery.objects.filter(event=delivery.event_id, webhook=delivery.webhook_id)
    return int(same.aggregate(last=Max("replay"))["last"]) + 1


def wake() -> None:
    """Queue a job for every lane in which something is due; one that is queued is enough."""
    with connection.cursor() as cursor:
        cursor.execute(sql("webhooks.wake"), {"lanes": LANES})


def backlog() -> dict[str, Any]:
    """What is still to be told, for those who run the system.

    Index: webhook_event_unmatched. Index: webhook_delivery_waiting.
    """
    unmatched = Event.objects.unmatched()[:COUNTED]
    waiting = Delivery.objects.filter(state="waiting", webhook__state="active")
    now = timezone.now()
    first = unmatched.values_list("at", flat=True).first()
    due = waiting.filter(due_at__lte=now)[:COUNTED].aggregate(first=Min("due_at"))["first"]
    return {
        "unmatched": len(unmatched.values_list("pk", flat=True)),
        "waiting": len(waiting[:COUNTED].values_list("pk", flat=True)),
        "late_seconds": round((now - min(first or now, due or now)).total_seconds()),
        "paused": Webhook.objects.filter(state="paused").count(),
    }
