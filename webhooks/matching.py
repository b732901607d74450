"""match(): from the outbox to the deliveries, in the order in which it happened."""

from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from tracetrack.db.sql_files import sql
from webhooks.actions import pause_webhook
from webhooks.filters import takes
from webhooks.models import Delivery, Event, Webhook
from webhooks.payloads import body_of, new_delivery, traits_of
from webhooks.permissions import may_see, unable, visible_bags
from webhooks.queries import wake

CHUNK = 500
# Any number will do that nobody else takes.
ONE_AT_A_TIME = 7_305_120_942
RELATED = (
    "bag", "scan__bag__bag_type", "scan__bag__batch", "scan__parent", "scan__area", "scan__actor",
)  # fmt: skip


def match() -> int:
    """Make deliveries of all events that are in the outbox; how many events there were.

    One process at a time does so: the order of a bag's deliveries is the order of their ids.
    """
    matched = 0
    while found := _match_some():
        matched += found
    return matched


@transaction.atomic
def _match_some() -> int:
    # Who is at it looks again after he has let go of the lock, so nobody need wait for him.
    if not Event.objects.unmatched().exists() or not _alone():
        return 0
    events = list(Event.objects.unmatched().select_related(*RELATED)[:CHUNK])
    for event in events:
        event.body = body_of(event)
    deliveries: list[Delivery] = []
    for webhook in Webhook.objects.active().select_related("owner"):
        if why := unable(webhook):
            pause_webhook(webhook, why=why)
        else:
            deliveries += _deliveries(webhook, events)
    # The order of the bags' events, whichever webhook they are for.
    deliveries.sort(key=lambda delivery: delivery.event.pk)
    Delivery.objects.bulk_create(deliveries, ignore_conflicts=True)
    given: dict[str, Any] = {
        "ids": [event.pk for event in events],
        "bodies": [event.body for event in events],
        "now": timezone.now(),
    }
    with connection.cursor() as cursor:
        cursor.execute(sql("webhooks.matched"), given)
    wake()
    return len(events)


def _alone() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [ONE_AT_A_TIME])
        return bool(cursor.fetchone()[0])


def _deliveries(webhook: Webhook, events: list[Event]) -> list[Delivery]:
    wanted = [
        event
        for event in events
        # A scan that was erased meanwhile is not told of.
        if event.at >= webhook.since
        and (event.scan_id is None) == (event.scan is None)
        and takes(webhook, traits_of(event))
    ]
    bags = [event.bag_id for event in wanted if event.bag_id is not None]
    visible = visible_bags(webhook.owner, bags)
    return [
        new_delivery(event, webhook) for event in wanted if may_see(webhook.owner, event, visible)
    ]
