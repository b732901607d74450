"""The admin pages of webhooks."""

import pytest

from audit.models import AuditEntry
from tests.factories import make_user, scan
from tests.webhook_helpers import make_webhook, run_worker_once
from webhooks.models import Delivery, Event
from webhooks.signing import derive_secret


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
