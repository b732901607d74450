"""Queries about webhooks that need several tables or SQL, and the queueing of due deliveries."""

from typing import Any

from django.db import connection
from django.db.models import Max, Min, Q
from django.utils import timezone

from accounts.models import User
from tracetrack.api.pagination import Page, paginate
from tracetrack.db.sql_files import sql
from tracetrack.errors.problem import NotFound
from webhooks.models import Delivery, Event, Webhook

# The deliveries of a webhook are split into this many partitions that are sent in parallel. All
# deliveries of one bag are in one partition, where they are sent one after another.
PARTITIONS = 4
# The backlog is counted up to this number.
MAX_COUNTED = 10_000


def find_webhook(owner: User, webhook: int) -> Webhook:
    """Return the owner's webhook with this id.

    Raises NotFound if there is none, if it belongs to another user or if it has ended.
    """
    found = Webhook.objects.owned_by(owner).filter(pk=webhook).first()
    if found is None:
        raise NotFound
    return found


def find_delivery(webhook: Webhook, delivery: int) -> Delivery:
    """Return the delivery of the webhook with this id, with its event; raise NotFound if none."""
    found = Delivery.objects.filter(webhook=webhook, pk=delivery).select_related("event").first()
    if found is None:
        raise NotFound
    return found


def delivery_page(webhook: Webhook, *, state: str | None = None, **position: Any) -> Page:
    """Return a page of the webhook's deliveries, only those in `state` if it is given.

    `position` are the keyword arguments of `tracetrack.api.pagination.paginate`.
    """
    rows = Delivery.objects.log_of(webhook).select_related("event")
    return paginate(rows if state is None else rows.filter(state=state), **position)


def next_due(webhook: int, partition: int) -> Delivery | None:
    """Return the delivery to send next in this partition, or None if nothing is due now.

    A paused webhook gets only test events; a webhook that backs off gets nothing.
    """
    now = timezone.now()
    is_sendable = Q(webhook__state="active") | Q(webhook__state="paused", subject="test:0")
    no_backoff = Q(webhook__backoff_until=None) | Q(webhook__backoff_until__lte=now)
    rows = Delivery.objects.waiting(webhook=webhook, partition=partition).due(now)
    rows = rows.filter(is_sendable, no_backoff)
    return rows.select_related("event", "webhook__owner").first()


def next_replay_number(delivery: Delivery) -> int:
    """Return the `replay` number for the next delivery of the same event to the same webhook."""
    same = Delivery.objects.filter(event=delivery.event_id, webhook=delivery.webhook_id)
    return int(same.aggregate(last=Max("replay"))["last"]) + 1


def enqueue_due() -> None:
    """Enqueue one job for every partition with a due delivery, unless one is queued already."""
    with connection.cursor() as cursor:
        cursor.execute(sql("webhooks.enqueue_due"), {"partitions": PARTITIONS})


def backlog() -> dict[str, Any]:
    """Return figures for the health check and the system page.

    `unmatched` and `waiting` count events and deliveries up to `MAX_COUNTED`. `late_seconds` is the
    age of the oldest unmatched event or due delivery. `paused` is the number of paused webhooks.
    Index: webhook_event_unmatched. Index: webhook_delivery_waiting.
    """
    unmatched = Event.objects.unmatched()[:MAX_COUNTED]
    waiting = Delivery.objects.filter(state="waiting", webhook__state="active")
    now = timezone.now()
    oldest = unmatched.values_list("occurred_at", flat=True).first()
    due = waiting.filter(due_at__lte=now)[:MAX_COUNTED].aggregate(first=Min("due_at"))["first"]
    return {
        "unmatched": len(unmatched.values_list("pk", flat=True)),
        "waiting": len(waiting[:MAX_COUNTED].values_list("pk", flat=True)),
        "late_seconds": round((now - min(oldest or now, due or now)).total_seconds()),
        "paused": Webhook.objects.filter(state="paused").count(),
    }
