"""A delivery on its way: what arrives, in which order, and what happens when it does not."""

import pytest
from django.utils import timezone

from audit.models import AuditEntry
from tests.factories import make_parent, scan
from tests.webhook_helpers import codes, make_webhook, states, time_passes, work
from webhooks import delivery
from webhooks.models import Delivery, Webhook


class TestADelivery:
    def test_brings_the_scan_with_its_ids(self, ines, receiver):
        make_webhook(ines, receiver.url)

        recorded = scan(ines, "register", "SB10001", station="gate 1")
        work()

        (received,) = receiver.all
        event = received.event
        assert event["type"] == "scan.recorded"
        assert event["data"]["scan"]["ref"] == str(recorded.scan.ref)
        assert event["data"]["scan"]["station"] == "gate 1"
        assert received.headers["TraceTrack-Event-Id"] == event["id"]
        assert received.headers["TraceTrack-Event"] == "scan.recorded"
        delivery = Delivery.objects.get()
        assert received.headers["TraceTrack-Delivery"] == str(delivery.pk)
        assert (delivery.state, delivery.attempts, delivery.status) == ("delivered", 1, 200)

    def test_comes_once(self, ines, receiver):
        make_webhook(ines, receiver.url)
        scan(ines, "register", "SB10001")

        work()
        work()

        assert len(receiver.all) == 1

    def test_keeps_the_order_of_a_bag(self, ines, receiver):
        make_webhook(ines, receiver.url)
        make_parent("SB10001", 3, actor=ines)
        scan(ines, "complete", "SB10001")
        scan(ines, "dispatch", "SB10001", area="indore")
        work()

        told = [r.event for r in receiver.all if r.event["data"].get("parent")]
        assert [event["type"] for event in told] == ["parent.completed", "parent.dispatched"]
        assert told[1]["data"]["parent"]["count"] == 3
        assert told[1]["data"]["scan"]["area"] == "indore"

    def test_goes_to_everyone_who_wants_it(self, ines, receiver):
        for _ in range(3):
            make_webhook(ines, receiver.url)

        scan(ines, "register", "SB10001")
        work()

        assert len({received.event["id"] for received in receiver.all}) == 1
        assert len({received.headers["TraceTrack-Delivery"] for received in receiver.all}) == 3

    def test_is_not_made_of_what_happened_before(self, ines, receiver):
        make_webhook(ines, receiver.url, events=["batch.held", "scan.recorded"], areas=["akola"])
        scan(ines, "register", "SB10001")
        make_webhook(ines, receiver.url)

        scan(ines, "register", "SB10002")
        work()

        assert codes(receiver) == ["SB10002"]


class TestAFailure:
    @pytest.mark.parametrize("status", [199, 301, 400, 404, 500, 503])
    def test_is_tried_again_later(self, ines, receiver, status):
        receiver.answer = lambda received: status if len(receiver.all) < 1 else 200
        make_webhook(ines, receiver.url)
        scan(ines, "register", "SB10001")

        work()
        delivery = Delivery.objects.get()
        assert (delivery.state, delivery.attempts) == ("waiting", 1)
        assert delivery.due_at > timezone.now()
        work()
        assert len(receiver.all) == 1
        time_passes()
        work()

        delivery.refresh_from_db()
        assert (delivery.state, delivery.attempts, delivery.status) == ("delivered", 2, 200)
        assert receiver.all[0].body == receiver.all[1].body

    def test_keeps_what_the_receiver_said(self, ines, receiver):
        receiver.answer = lambda received: (500, {}, b"no\x00 room" + b"x" * 10_000)
        make_webhook(ines, receiver.url)
        scan(ines, "register", "SB10001")

        work()

        delivery = Delivery.objects.get()
        assert delivery.status == 500
        assert delivery.answer.startswith("no  room")
        assert len(delivery.answer) == 500

    def test_holds_up_later_events_of_its_bag_and_no_others(self, ines, receiver):
        def answer(received):
            return 500 if received.event["data"]["scan"]["code"] == "SB10001" else 200

        receiver.answer = answer
        make_webhook(ines, receiver.url)
        for code in ("SB10001", "SB10002"):
            scan(ines, "register", code)
            scan(ines, "inspect", code)

        work()
        assert sorted(codes(receiver)) == ["SB10001", "SB10002", "SB10002"]
        receiver.answer = lambda received: 200
        time_passes()
        work()

        steps = [r.event["data"]["scan"]["step"] for r in receiver.all if "SB10001" in str(r.body)]
        assert steps == ["register", "register", "inspect"]

    def test_that_lasts_three_days_is_given_up_and_lets_the_others_pass(self, ines, receiver):
        def answer(received):
            return 500 if received.event["data"]["scan"]["step"] == "register" else 200

        receiver.answer = answer
        make_webhook(ines, receiver.url)
        scan(ines, "register", "SB10001")
        scan(ines, "inspect", "SB10001")
        work()

        time_passes(days=2, hours=23)
        work()
        assert states() == ["waiting", "waiting"]
        Webhook.objects.update(failing_since=timezone.now())
        time_passes(hours=2)
        work()
        time_passes()
        work()

        assert states() == ["failed", "delivered"]

    def test_pauses_a_webhook_at_which_nothing_arrived_for_three_days(self, ines, receiver):
        receiver.answer = lambda received: 500
        webhook = make_webhook(ines, receiver.url)
        scan(ines, "register", "SB10001")
        work()
        time_passes(days=3)

        work()

        webhook.refresh_from_db()
        assert webhook.state == "paused"
        assert webhook.paused_why == "Nothing arrived for 3 days."
        entry = AuditEntry.objects.get(action="webhook.paused")
        assert entry.facts["why"] == "Nothing arrived for 3 days."

    def test_pauses_at_once_where_the_receiver_is_gone(self, ines, receiver):
        receiver.answer = lambda received: 410
        webhook = make_webhook(ines, receiver.url)
        scan(ines, "register", "SB10001")

        work()

        webhook.refresh_from_db()
        assert "410" in webhook.paused_why
        assert states() == ["waiting"]

    def test_of_many_makes_the_webhook_rest(self, ines, receiver):
        receiver.answer = lambda received: 500
        webhook = make_webhook(ines, receiver.url)
        for number in range(20):
            scan(ines, "register", f"SB{10001 + number}")

        work()

        webhook.refresh_from_db()
        assert webhook.rests_until > timezone.now()
        assert len(receiver.all) == delivery.SINGLE_FAILURES + 1

    def test_is_forgotten_with_the_next_success(self, ines, receiver):
        receiver.answer = lambda received: 500 if len(receiver.all) < 1 else 200
        webhook = make_webhook(ines, receiver.url)
        scan(ines, "register", "SB10001")
        work()
        time_passes()

        work()

        webhook.refresh_from_db()
        assert (webhook.failures, webhook.failing_since, webhook.rests_until) == (0, None, None)

    def test_is_waited_out_longer_and_longer_up_to_an_hour(self):
        for failures in range(1, 40):
            pause = delivery.pause_after(failures)
            usual = min(5 * 2 ** (failures - 1), 3600)
            assert 0.8 * usual <= pause.total_seconds() <= 1.2 * usual
