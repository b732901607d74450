"""Each index of the outbox and the deliveries is the one that PostgreSQL takes."""

import pytest
from django.db import connection
from django.utils import timezone

from tests.test_plans import plan
from tests.webhook_helpers import make_webhook
from tracetrack.db.sql_files import sql
from webhooks import queries
from webhooks.models import Delivery, Event, Webhook

NOW = timezone.now()


FILL = """
INSERT INTO webhooks_event (uid, kind, facts, body, matched_at)
SELECT gen_random_uuid(), 'scan.recorded', '{}', '', now() FROM generate_series(1, 1500);
INSERT INTO webhooks_delivery (
    webhook_id, event_id, subject, lane, replay, state, attempts, answer, error)
SELECT hook.id, event.id, 'bag:' || event.id % 1000, event.id % 4, 0,
    CASE WHEN event.id % 3 = 0 THEN 'waiting' ELSE 'delivered' END, 0, '', ''
FROM webhooks_event AS event, webhooks_webhook AS hook
WHERE hook.id < (SELECT max(id) FROM webhooks_webhook) OR event.id % 20 = 0;
REINDEX TABLE webhooks_delivery; REINDEX TABLE webhooks_event;
ANALYZE webhooks_delivery; ANALYZE webhooks_event;
"""


@pytest.fixture
def hook(ines):
    """One of several webhooks with a thousand deliveries each; the last has had few."""
    webhooks = [make_webhook(ines, "https://erp.example/") for _ in range(8)]
    with connection.cursor() as cursor:
        cursor.execute(FILL)
    return webhooks[0]


CASES = {
    "webhook_of_owner": lambda hook: Webhook.objects.of(hook.owner),
    "webhook_active": lambda hook: Webhook.objects.active(),
    "webhook_event_unmatched": lambda hook: Event.objects.unmatched(),
    "webhook_event_at": lambda hook: Event.objects.before(NOW),
    "webhook_delivery_log": lambda hook: Delivery.objects.log_of(Webhook.objects.last())[:50],
    "webhook_delivery_waiting": lambda hook: Delivery.objects.waiting(webhook=hook.pk, lane=1),
    "webhook_delivery_in_order": lambda hook: Delivery.objects.waiting(webhook=hook.pk, lane=1).due(
        NOW
    )[:1],
}


class TestTheQuestion:
    @pytest.mark.parametrize("index", CASES)
    def test_is_answered_by_its_index(self, hook, index):
        assert index in plan(CASES[index](hook))

    def test_what_is_due_reads_no_delivery_that_is_done(self, hook):
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off")
            cursor.execute("EXPLAIN " + sql("webhooks.wake"), {"lanes": queries.LANES})
            lines = "\n".join(line for (line,) in cursor.fetchall())

        assert "webhook_delivery_waiting" in lines
