"""Retention of events and deliveries."""

from datetime import timedelta

from django.utils import timezone

from tests.factories import scan
from tests.webhook_helpers import make_webhook, run_worker_once
from webhooks import retention
from webhooks.models import Delivery, Event


class TestPurge:
    def test_deletes_only_events_past_retention(self, ines, receiver, monkeypatch):
        monkeypatch.setattr(retention, "CHUNK_SIZE", 2)
        make_webhook(ines, receiver.url)
        for number in range(7):
            scan(ines, "register", f"SB{10001 + number}")
        run_worker_once()
        old = Event.objects.order_by("id")[:5].values("pk")
        expired = timezone.now() - retention.RETENTION - timedelta(minutes=1)
        Event.objects.filter(pk__in=old).update(occurred_at=expired)

        assert retention.purge() == 5

        assert Event.objects.count() == Delivery.objects.count() == 2
        assert retention.purge() == 0
