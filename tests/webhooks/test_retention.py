"""Retention of events and deliveries, and the admin pages."""

from datetime import timedelta

import pytest
from django.utils import timezone

from audit.models import AuditEntry
from tests.factories import make_user, scan
from tests.webhook_helpers import make_webhook, run_worker_once
from webhooks import retention
from webhooks.models import Delivery, Event
from webhooks.signing import derive_secret


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


class TestAdmin:
    @pytest.fixture
    def ada(self, client):
        ada = make_user("ada", "administrator")
        client.force_login(ada)
        return client

    @pytest.mark.parametrize("table", ["webhook", "delivery", "event"])
    def test_pages_are_read_only_and_hide_secrets(self, ines, receiver, ada, table):
        webhook = make_webhook(ines, receiver.url)
        scan(ines, "register", "SB10001")
        run_worker_once()
        row = {"webhook": webhook, "delivery": Delivery.objects.get(), "event": Event.objects.get()}
        url = f"/admin/webhooks/{table}/"

        assert ada.get(url).status_code == 200
        page = ada.get(f"{url}{row[table].pk}/change/").content.decode()

        assert "Save" not in page
        assert webhook.secret_seed not in page
        assert webhook.fingerprint not in page
        assert derive_secret(webhook.secret_seed) not in page
        assert ada.get(f"{url}add/").status_code == 403

    def test_pauses_webhook(self, ines, receiver, ada):
        webhook = make_webhook(ines, receiver.url)
        data = {"action": "pause", "_selected_action": [webhook.pk]}

        ada.post("/admin/webhooks/webhook/", data)

        webhook.refresh_from_db()
        assert (webhook.state, webhook.paused_why) == ("paused", "Paused by ada.")
        assert AuditEntry.objects.get(action="webhook.paused").actor_name == "ada"
