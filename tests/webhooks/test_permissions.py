"""Which events a webhook receives: visibility and permissions of its owner."""

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
