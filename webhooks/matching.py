"""Create the deliveries of new events in the outbox, in the order of the events."""

from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from tracetrack.db.sql_files import sql
from webhooks.actions import pause_webhook
from webhooks.filters import matches
from webhooks.models import Delivery, Event, Webhook
from webhooks.payloads import build_delivery, event_attributes, render_body
from webhooks.permissions import block_reason, can_see_event, visible_bag_ids
from webhooks.queries import enqueue_due

CHUNK_SIZE = 500
# The key of an advisory lock; an arbitrary number that no other lock of this database uses.
MATCHING_LOCK_KEY = 7_305_120_942
RELATED = (
    "bag", "scan__bag__bag_type", "scan__bag__batch", "scan__parent", "scan__area", "scan__actor",
)  # fmt: skip


def match_events() -> int:
    """Create the deliveries of all unmatched events; return the number of events.

    One process at a time matches, so that the ids of a bag's deliveries follow the order of its
    events. If another process is matching, return 0 at once.
    """
    matched = 0
    while found := _match_chunk():
        matched += found
    return matched


@transaction.atomic
def _match_chunk() -> int:
    # The process that holds the lock looks again after it commits, so no process has to wait.
    if not Event.objects.unmatched().exists() or not _try_lock():
        return 0
    events = list(Event.objects.unmatched().select_related(*RELATED)[:CHUNK_SIZE])
    for event in events:
        event.body = render_body(event)
    Delivery.objects.bulk_create(_build_deliveries(events), ignore_conflicts=True)
    _mark_matched(events)
    enqueue_due()
    return len(events)


def _try_lock() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [MATCHING_LOCK_KEY])
        return bool(cursor.fetchone()[0])


def _build_deliveries(events: list[Event]) -> list[Delivery]:
    """Return the deliveries of these events to all active webhooks, in the order of the events.

    Webhooks that can no longer receive anything are paused.
    """
    deliveries: list[Delivery] = []
    for webhook in Webhook.objects.active().select_related("owner"):
        if reason := block_reason(webhook):
            pause_webhook(webhook, why=reason)
        else:
            deliveries += _webhook_deliveries(webhook, events)
    return sorted(deliveries, key=lambda delivery: delivery.event.pk)


def _webhook_deliveries(webhook: Webhook, events: list[Event]) -> list[Delivery]:
    matching = [
        event
        for event in events
        # Skip an event whose scan was deleted by maintenance in the meantime.
        if event.occurred_at >= webhook.active_since
        and (event.scan_id is None) == (event.scan is None)
        and matches(webhook, event_attributes(event))
    ]
    visible = visible_bag_ids(webhook.owner, [e.bag_id for e in matching if e.bag_id is not None])
    return [
        build_delivery(event, webhook)
        for event in matching
        if can_see_event(webhook.owner, event, visible)
    ]


def _mark_matched(events: list[Event]) -> None:
    params: dict[str, Any] = {
        "ids": [event.pk for event in events],
        "bodies": [event.body for event in events],
        "now": timezone.now(),
    }
    with connection.cursor() as cursor:
        cursor.execute(sql("webhooks.mark_matched"), params)
