"""Pausing, replaying and ending webhooks."""

import pytest

from bags.models import Area
from tests.factories import scan
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
