"""What is forgotten in time, and what the back office shows and does not."""

from datetime import timedelta

import pytest
from django.utils import timezone

from audit.models import AuditEntry
from tests.factories import make_user, scan
from tests.webhook_helpers import make_webhook, work
from webhooks import retention
from webhooks.models import Delivery, Event
from webhooks.signing import secret_of


class TestTidying:
    def test_forgets_what_is_older_than_a_month_and_nothing_else(self, ines, receiver, monkeypatch):
        monkeypatch.setattr(retention, "CHUNK", 2)
        make_webhook(ines, receiver.url)
        for number in range(7):
            scan(ines, "register", f"SB{10001 + number}")
        work()
        old = Event.objects.order_by("id")[:5].values("pk")
        long_ago = timezone.now() - retention.KEPT_FOR - timedelta(minutes=1)
        Event.objects.filter(pk__in=old).update(at=long_ago)

        assert retention.forget() == 5

        assert Event.objects.count() == Delivery.objects.count() == 2
        assert retention.forget() == 0


class TestTheBackOffice:
    @pytest.fixture
    def ada(self, client):
        ada = make_user("ada", "administrator")
        client.force_login(ada)
        return client

    @pytest.mark.parametrize("table", ["webhook", "delivery", "event"])
    def test_shows_but_never_changes(self, ines, receiver, ada, table):
        webhook = make_webhook(ines, receiver.url)
        scan(ines, "register", "SB10001")
        work()
        row = {"webhook": webhook, "delivery": Delivery.objects.get(), "event": Event.objects.get()}
        address = f"/admin/webhooks/{table}/"

        assert ada.get(address).status_code == 200
        page = ada.get(f"{address}{row[table].pk}/change/").content.decode()

        assert "Save" not in page
        assert webhook.seed not in page
        assert webhook.fingerprint not in page
        assert secret_of(webhook.seed) not in page
        assert ada.get(f"{address}add/").status_code == 403

    def test_pauses_a_webhook(self, ines, receiver, ada):
        webhook = make_webhook(ines, receiver.url)
        chosen = {"action": "pause", "_selected_action": [webhook.pk]}

        ada.post("/admin/webhooks/webhook/", chosen)

        webhook.refresh_from_db()
        assert (webhook.state, webhook.paused_why) == ("paused", "Paused by ada.")
        assert AuditEntry.objects.get(action="webhook.paused").actor_name == "ada"
