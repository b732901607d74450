"""Sending of deliveries: content, order, retries, backing off and giving up."""

import pytest
from django.utils import timezone

from audit.models import AuditEntry
from tests.factories import make_parent, scan
from tests.webhook_helpers import (
    age_deliveries,
    delivery_states,
    make_webhook,
    received_codes,
    run_worker_once,
)
from webhooks import delivery
from webhooks.models import Delivery, Webhook


class TestDelivery:
    def test_contains_scan_and_ids(self, ines, receiver):
        make_webhook(ines, receiver.url)

        result = scan(ines, "register", "SB10001", station="gate 1")
        run_worker_once()

        (request,) = receiver.requests
        event = request.event
        assert event["type"] == "scan.recorded"
        assert event["data"]["scan"]["ref"] == str(result.scan.ref)
        assert event["data"]["scan"]["station"] == "gate 1"
        assert request.headers["TraceTrack-Event-Id"] == event["id"]
        assert request.headers["TraceTrack-Event"] == "scan.recorded"
        delivery = Delivery.objects.get()
        assert request.headers["TraceTrack-Delivery"] == str(delivery.pk)
        assert (delivery.state, delivery.attempts, delivery.status) == ("delivered", 1, 200)

    def test_is_sent_once(self, ines, receiver):
        make_webhook(ines, receiver.url)
        scan(ines, "register", "SB10001")

        run_worker_once()
        run_worker_once()

        assert len(receiver.requests) == 1

    def test_keeps_order_of_bag(self, ines, receiver):
        make_webhook(ines, receiver.url)
        make_parent("SB10001", 3, actor=ines)
        scan(ines, "complete", "SB10001")
        scan(ines, "dispatch", "SB10001", area="indore")
        run_worker_once()

        events = [r.event for r in receiver.requests if r.event["data"].get("parent")]
        assert [event["type"] for event in events] == ["parent.completed", "parent.dispatched"]
        assert events[1]["data"]["parent"]["count"] == 3
        assert events[1]["data"]["scan"]["area"] == "indore"

    def test_is_sent_to_every_matching_webhook(self, ines, receiver):
        for _ in range(3):
            make_webhook(ines, receiver.url)

        scan(ines, "register", "SB10001")
        run_worker_once()

        assert len({request.event["id"] for request in receiver.requests}) == 1
        assert len({request.headers["TraceTrack-Delivery"] for request in receiver.requests}) == 3

    def test_is_not_created_for_earlier_events(self, ines, receiver):
        make_webhook(ines, receiver.url, events=["batch.held", "scan.recorded"], areas=["akola"])
        scan(ines, "register", "SB10001")
        make_webhook(ines, receiver.url)

        scan(ines, "register", "SB10002")
        run_worker_once()

        assert received_codes(receiver) == ["SB10002"]


class TestFailure:
    @pytest.mark.parametrize("status", [199, 301, 400, 404, 500, 503])
    def test_is_retried_later(self, ines, receiver, status):
        receiver.answer = lambda request: status if len(receiver.requests) < 1 else 200
        make_webhook(ines, receiver.url)
        scan(ines, "register", "SB10001")

        run_worker_once()
        delivery = Delivery.objects.get()
        assert (delivery.state, delivery.attempts) == ("waiting", 1)
        assert delivery.due_at > timezone.now()
        run_worker_once()
        assert len(receiver.requests) == 1
        age_deliveries()
        run_worker_once()

        delivery.refresh_from_db()
        assert (delivery.state, delivery.attempts, delivery.status) == ("delivered", 2, 200)
        assert receiver.requests[0].body == receiver.requests[1].body

    def test_saves_excerpt_of_response(self, ines, receiver):
        receiver.answer = lambda request: (500, {}, b"no\x00 room" + b"x" * 10_000)
        make_webhook(ines, receiver.url)
        scan(ines, "register", "SB10001")

        run_worker_once()

        delivery = Delivery.objects.get()
        assert delivery.status == 500
        assert delivery.answer.startswith("no  room")
        assert len(delivery.answer) == 500

    def test_delays_only_later_events_of_same_bag(self, ines, receiver):
        def answer(request):
            return 500 if request.event["data"]["scan"]["code"] == "SB10001" else 200

        receiver.answer = answer
        make_webhook(ines, receiver.url)
        for code in ("SB10001", "SB10002"):
            scan(ines, "register", code)
            scan(ines, "inspect", code)

        run_worker_once()
        assert sorted(received_codes(receiver)) == ["SB10001", "SB10002", "SB10002"]
        receiver.answer = lambda request: 200
        age_deliveries()
        run_worker_once()

        steps = [
            r.event["data"]["scan"]["step"] for r in receiver.requests if "SB10001" in str(r.body)
        ]
        assert steps == ["register", "register", "inspect"]

    def test_is_given_up_after_three_days(self, ines, receiver):
        def answer(request):
            return 500 if request.event["data"]["scan"]["step"] == "register" else 200

        receiver.answer = answer
        make_webhook(ines, receiver.url)
        scan(ines, "register", "SB10001")
        scan(ines, "inspect", "SB10001")
        run_worker_once()

        age_deliveries(days=2, hours=23)
        run_worker_once()
        assert delivery_states() == ["waiting", "waiting"]
        Webhook.objects.update(failing_since=timezone.now())
        age_deliveries(hours=2)
        run_worker_once()
        age_deliveries()
        run_worker_once()

        assert delivery_states() == ["failed", "delivered"]

    def test_pauses_webhook_after_three_days_without_success(self, ines, receiver):
        receiver.answer = lambda request: 500
        webhook = make_webhook(ines, receiver.url)
        scan(ines, "register", "SB10001")
        run_worker_once()
        age_deliveries(days=3)

        run_worker_once()

        webhook.refresh_from_db()
        assert webhook.state == "paused"
        assert webhook.paused_why == "Nothing arrived for 3 days."
        entry = AuditEntry.objects.get(action="webhook.paused")
        assert entry.facts["why"] == "Nothing arrived for 3 days."

    def test_pauses_webhook_on_410(self, ines, receiver):
        receiver.answer = lambda request: 410
        webhook = make_webhook(ines, receiver.url)
        scan(ines, "register", "SB10001")

        run_worker_once()

        webhook.refresh_from_db()
        assert "410" in webhook.paused_why
        assert delivery_states() == ["waiting"]

    def test_series_makes_webhook_back_off(self, ines, receiver):
        receiver.answer = lambda request: 500
        webhook = make_webhook(ines, receiver.url)
        for number in range(20):
            scan(ines, "register", f"SB{10001 + number}")

        run_worker_once()

        webhook.refresh_from_db()
        assert webhook.backoff_until > timezone.now()
        assert len(receiver.requests) == delivery.FAILURES_BEFORE_BACKOFF + 1

    def test_counter_is_reset_by_success(self, ines, receiver):
        receiver.answer = lambda request: 500 if len(receiver.requests) < 1 else 200
        webhook = make_webhook(ines, receiver.url)
        scan(ines, "register", "SB10001")
        run_worker_once()
        age_deliveries()

        run_worker_once()

        webhook.refresh_from_db()
        assert (webhook.failures, webhook.failing_since, webhook.backoff_until) == (0, None, None)

    def test_retry_delay_doubles_up_to_one_hour(self):
        for failures in range(1, 40):
            delay = delivery.retry_delay(failures)
            expected = min(5 * 2 ** (failures - 1), 3600)
            assert 0.8 * expected <= delay.total_seconds() <= 1.2 * expected
