"""PostgreSQL uses each index of the outbox and the deliveries."""

import pytest
from django.db import connection
from django.utils import timezone

from tests.query_plans import explain
from tests.webhook_helpers import make_webhook
from tracetrack.db.sql_files import sql
from webhooks import queries
from webhooks.models import Delivery, Event, Webhook

NOW = timezone.now()


FILL = """
INSERT INTO webhooks_event (uid, kind, snapshot, body, matched_at)
SELECT gen_random_uuid(), 'scan.recorded', '{}', '', now() FROM generate_series(1, 1500);
INSERT INTO webhooks_delivery (
    webhook_id, event_id, subject, partition, replay, state, attempts, answer, error)
SELECT webhook.id, event.id, 'bag:' || event.id % 1000, event.id % 4, 0,
    CASE WHEN event.id % 3 = 0 THEN 'waiting' ELSE 'delivered' END, 0, '', ''
FROM webhooks_event AS event, webhooks_webhook AS webhook
WHERE webhook.id < (SELECT max(id) FROM webhooks_webhook) OR event.id % 20 = 0;
REINDEX TABLE webhooks_delivery; REINDEX TABLE webhooks_event;
ANALYZE webhooks_delivery; ANALYZE webhooks_event;
"""


@pytest.fixture
def webhook(ines):
    """Return one of eight webhooks with 1,500 deliveries each; the last one has few."""
    webhooks = [make_webhook(ines, "https://erp.example/") for _ in range(8)]
    with connection.cursor() as cursor:
        cursor.execute(FILL)
    return webhooks[0]


CASES = {
    "webhook_by_owner": lambda webhook: Webhook.objects.owned_by(webhook.owner),
    "webhook_active": lambda webhook: Webhook.objects.active(),
    "webhook_event_unmatched": lambda webhook: Event.objects.unmatched(),
    "webhook_event_by_time": lambda webhook: Event.objects.before(NOW),
    "webhook_delivery_log": lambda webhook: Delivery.objects.log_of(Webhook.objects.last())[:50],
    "webhook_delivery_waiting": lambda webhook: Delivery.objects.waiting(
        webhook=webhook.pk, partition=1
    ),
    "webhook_delivery_in_order": lambda webhook: Delivery.objects.waiting(
        webhook=webhook.pk, partition=1
    ).due(NOW)[:1],
}


class TestQuery:
    @pytest.mark.parametrize("index", CASES)
    def test_uses_its_index(self, webhook, index):
        assert index in explain(CASES[index](webhook))

    def test_enqueue_due_uses_index_of_waiting_deliveries(self, webhook):
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off")
            cursor.execute(
                "EXPLAIN " + sql("webhooks.enqueue_due"), {"partitions": queries.PARTITIONS}
            )
            lines = "\n".join(line for (line,) in cursor.fetchall())

        assert "webhook_delivery_waiting" in lines
