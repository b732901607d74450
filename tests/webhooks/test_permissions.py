"""What is done to a webhook, or to its owner, and what that does to deliveries."""

import pytest

from accounts.actions import save_user
from bags.models import Area
from tests.factories import make_parent, make_user, scan
from tests.webhook_helpers import codes, make_webhook, states, time_passes, work
from webhooks import actions
from webhooks.errors import DeliveryWaits
from webhooks.models import Delivery


class TestWhoSees:
    def test_is_asked_when_the_event_is_matched(self, ines, asha, receiver):
        make_webhook(asha, receiver.url)
        scan(ines, "register", "SB10001", area="lucknow")
        scan(ines, "register", "SB20001", area="indore")

        work()

        assert codes(receiver) == ["SB10001"]
        assert Delivery.objects.count() == 1

    def test_is_asked_again_when_it_is_sent(self, ines, asha, receiver):
        receiver.answer = lambda received: 500 if len(receiver.all) < 1 else 200
        make_webhook(asha, receiver.url)
        scan(ines, "register", "SB10001", area="lucknow")
        work()
        Area.objects.get(code="lucknow").members.remove(asha)
        time_passes()

        work()

        assert states() == ["withheld"]
        assert len(receiver.all) == 1

    def test_includes_what_is_on_its_way_there(self, ines, asha, receiver):
        make_parent("SB20001", 1, actor=ines, area="indore")
        scan(ines, "complete", "SB20001", area="indore")
        make_webhook(asha, receiver.url, events=["parent.dispatched"])

        scan(ines, "dispatch", "SB20001", area="lucknow")
        work()

        assert codes(receiver) == ["SB20001"]

    @pytest.mark.parametrize(
        ("change", "why"),
        [({"is_active": False}, "switched off"), ({"role": "viewer"}, "may not have webhooks")],
        ids=["switched off", "demoted"],
    )
    def test_ends_with_the_rights_of_the_owner(self, ines, receiver, change, why):
        webhook = make_webhook(ines, receiver.url)
        scan(make_user("ben", "office"), "register", "SB10001")
        for name, value in change.items():
            setattr(ines, name, value)
        save_user(actor=ines, user=ines)

        work()

        webhook.refresh_from_db()
        assert why in webhook.paused_why
        assert receiver.all == []

    def test_does_not_survive_another_secret_key(self, ines, receiver, settings):
        webhook = make_webhook(ines, receiver.url)
        scan(ines, "register", "SB10001")
        settings.SECRET_KEY = "another-key-another-key-another-key"

        work()

        webhook.refresh_from_db()
        assert "SECRET_KEY" in webhook.paused_why
        assert receiver.all == []


class TestAPause:
    def test_keeps_what_waits_and_leaves_out_what_happens_meanwhile(self, ines, receiver):
        receiver.answer = lambda received: 500 if len(receiver.all) < 1 else 200
        webhook = make_webhook(ines, receiver.url)
        scan(ines, "register", "SB10001")
        work()
        actions.change_webhook(actor=ines, webhook=webhook, changes={"state": "paused"})
        scan(ines, "register", "SB10002")
        time_passes()
        work()
        assert len(receiver.all) == 1

        actions.change_webhook(actor=ines, webhook=webhook, changes={"state": "active"})
        scan(ines, "register", "SB10003")
        work()

        assert sorted(codes(receiver)) == ["SB10001", "SB10001", "SB10003"]

    def test_lets_a_test_pass(self, ines, receiver):
        webhook = make_webhook(ines, receiver.url)
        actions.pause_webhook(webhook, why="Test.")

        actions.send_test(webhook=webhook)
        work()

        assert receiver.kinds() == ["webhook.test"]


class TestAReplay:
    def test_sends_the_same_event_as_a_new_delivery(self, ines, receiver):
        webhook = make_webhook(ines, receiver.url)
        scan(ines, "register", "SB10001")
        work()

        again = actions.replay(actor=ines, webhook=webhook, delivery=Delivery.objects.get())
        work()

        first, second = receiver.all
        assert first.body == second.body
        assert second.headers["TraceTrack-Delivery"] == str(again.pk)
        assert again.replay == 1

    def test_of_what_still_waits_is_refused(self, ines, receiver):
        receiver.answer = lambda received: 500
        webhook = make_webhook(ines, receiver.url)
        scan(ines, "register", "SB10001")
        work()

        with pytest.raises(DeliveryWaits):
            actions.replay(actor=ines, webhook=webhook, delivery=Delivery.objects.get())

    def test_is_for_eyes_that_may_see_it_now(self, ines, asha, receiver):
        webhook = make_webhook(asha, receiver.url)
        scan(ines, "register", "SB10001", area="lucknow")
        work()
        Area.objects.get(code="lucknow").members.remove(asha)

        actions.replay(actor=asha, webhook=webhook, delivery=Delivery.objects.get())
        work()

        assert len(receiver.all) == 1
        assert states() == ["delivered", "withheld"]


class TestTheEnd:
    def test_gives_up_what_waits(self, ines, receiver):
        receiver.answer = lambda received: 500
        webhook = make_webhook(ines, receiver.url)
        scan(ines, "register", "SB10001")
        work()

        actions.end_webhook(actor=ines, webhook=webhook)

        assert states() == ["failed"]
