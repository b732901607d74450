"""Effects of changes to a webhook or its owner on deliveries."""

import pytest

from accounts.actions import save_user
from bags.models import Area
from tests.factories import make_parent, make_user, scan
from tests.webhook_helpers import (
    age_deliveries,
    delivery_states,
    make_webhook,
    received_codes,
    run_worker_once,
)
from webhooks import actions
from webhooks.errors import DeliveryPending
from webhooks.models import Delivery


class TestVisibility:
    def test_is_checked_at_matching(self, ines, asha, receiver):
        make_webhook(asha, receiver.url)
        scan(ines, "register", "SB10001", area="lucknow")
        scan(ines, "register", "SB20001", area="indore")

        run_worker_once()

        assert received_codes(receiver) == ["SB10001"]
        assert Delivery.objects.count() == 1

    def test_is_checked_again_at_sending(self, ines, asha, receiver):
        receiver.answer = lambda request: 500 if len(receiver.requests) < 1 else 200
        make_webhook(asha, receiver.url)
        scan(ines, "register", "SB10001", area="lucknow")
        run_worker_once()
        Area.objects.get(code="lucknow").members.remove(asha)
        age_deliveries()

        run_worker_once()

        assert delivery_states() == ["withheld"]
        assert len(receiver.requests) == 1

    def test_includes_bags_bound_for_owners_area(self, ines, asha, receiver):
        make_parent("SB20001", 1, actor=ines, area="indore")
        scan(ines, "complete", "SB20001", area="indore")
        make_webhook(asha, receiver.url, events=["parent.dispatched"])

        scan(ines, "dispatch", "SB20001", area="lucknow")
        run_worker_once()

        assert received_codes(receiver) == ["SB20001"]

    @pytest.mark.parametrize(
        ("change", "why"),
        [({"is_active": False}, "switched off"), ({"role": "viewer"}, "may not have webhooks")],
        ids=["switched off", "demoted"],
    )
    def test_webhook_is_paused_without_permission(self, ines, receiver, change, why):
        webhook = make_webhook(ines, receiver.url)
        scan(make_user("ben", "office"), "register", "SB10001")
        for name, value in change.items():
            setattr(ines, name, value)
        save_user(actor=ines, user=ines)

        run_worker_once()

        webhook.refresh_from_db()
        assert why in webhook.paused_why
        assert receiver.requests == []

    def test_webhook_is_paused_after_change_of_secret_key(self, ines, receiver, settings):
        webhook = make_webhook(ines, receiver.url)
        scan(ines, "register", "SB10001")
        settings.SECRET_KEY = "another-key-another-key-another-key"

        run_worker_once()

        webhook.refresh_from_db()
        assert "SECRET_KEY" in webhook.paused_why
        assert receiver.requests == []


class TestPause:
    def test_keeps_waiting_deliveries_and_skips_new_events(self, ines, receiver):
        receiver.answer = lambda request: 500 if len(receiver.requests) < 1 else 200
        webhook = make_webhook(ines, receiver.url)
        scan(ines, "register", "SB10001")
        run_worker_once()
        actions.change_webhook(actor=ines, webhook=webhook, changes={"state": "paused"})
        scan(ines, "register", "SB10002")
        age_deliveries()
        run_worker_once()
        assert len(receiver.requests) == 1

        actions.change_webhook(actor=ines, webhook=webhook, changes={"state": "active"})
        scan(ines, "register", "SB10003")
        run_worker_once()

        assert sorted(received_codes(receiver)) == ["SB10001", "SB10001", "SB10003"]

    def test_lets_test_event_through(self, ines, receiver):
        webhook = make_webhook(ines, receiver.url)
        actions.pause_webhook(webhook, why="Test.")

        actions.send_test(webhook=webhook)
        run_worker_once()

        assert receiver.kinds() == ["webhook.test"]


class TestReplay:
    def test_creates_new_delivery_of_same_event(self, ines, receiver):
        webhook = make_webhook(ines, receiver.url)
        scan(ines, "register", "SB10001")
        run_worker_once()

        again = actions.replay_delivery(
            actor=ines, webhook=webhook, delivery=Delivery.objects.get()
        )
        run_worker_once()

        first, second = receiver.requests
        assert first.body == second.body
        assert second.headers["TraceTrack-Delivery"] == str(again.pk)
        assert again.replay == 1

    def test_refuses_waiting_delivery(self, ines, receiver):
        receiver.answer = lambda request: 500
        webhook = make_webhook(ines, receiver.url)
        scan(ines, "register", "SB10001")
        run_worker_once()

        with pytest.raises(DeliveryPending):
            actions.replay_delivery(actor=ines, webhook=webhook, delivery=Delivery.objects.get())

    def test_checks_current_visibility(self, ines, asha, receiver):
        webhook = make_webhook(asha, receiver.url)
        scan(ines, "register", "SB10001", area="lucknow")
        run_worker_once()
        Area.objects.get(code="lucknow").members.remove(asha)

        actions.replay_delivery(actor=asha, webhook=webhook, delivery=Delivery.objects.get())
        run_worker_once()

        assert len(receiver.requests) == 1
        assert delivery_states() == ["delivered", "withheld"]


class TestEnd:
    def test_gives_up_waiting_deliveries(self, ines, receiver):
        receiver.answer = lambda request: 500
        webhook = make_webhook(ines, receiver.url)
        scan(ines, "register", "SB10001")
        run_worker_once()

        actions.end_webhook(actor=ines, webhook=webhook)

        assert delivery_states() == ["failed"]
