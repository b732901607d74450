"""The endpoints about webhooks: shapes, refusals, and that everybody sees only their own."""

import pytest

from audit.models import AuditEntry
from tests.api_fixtures import HOOK, post
from tests.webhook_helpers import make_webhook
from webhooks.actions import MAX_WEBHOOKS_PER_OWNER, send_test
from webhooks.models import Delivery, Webhook
from webhooks.signing import fingerprint


def patch(client, path, body):
    return client.patch(f"/api/v3/{path}", body, content_type="application/json")


def deliveries(webhook, count):
    for _ in range(count):
        send_test(webhook=webhook)


class TestANewWebhook:
    def test_is_answered_with_its_secret_this_once(self, operator):
        answer = post(operator, "webhooks", HOOK | {"areas": ["lucknow", "lucknow"]})

        assert answer.status_code == 201
        told = answer.json()
        webhook = Webhook.objects.get(pk=told["id"])
        assert told["areas"] == ["lucknow"]
        assert told["state"] == "active"
        assert fingerprint(told.pop("secret")) == webhook.fingerprint
        assert operator.get(f"/api/v3/webhooks/{webhook.pk}").json() == told
        assert operator.get("/api/v3/webhooks").json() == {"results": [told]}

    def test_is_audited_without_its_secret(self, operator):
        secret = post(operator, "webhooks", HOOK).json()["secret"]

        entry = AuditEntry.objects.get(action="webhook.created")
        assert entry.actor_name == "asha"
        assert entry.facts["url"] == HOOK["url"]
        assert secret not in str(entry.facts)

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("events", []),
            ("events", ["scan.erased"]),
            ("events", "scan.recorded"),
            ("events", [["scan.recorded"]]),
            ("steps", ["fly"]),
            ("areas", ["x" * 33]),
            ("areas", ["x"] * 101),
            ("batches", [{}]),
            ("name", ""),
            ("name", None),
            ("url", "https://" + "x" * 500),
            ("owner", 1),
            ("state", "active"),
            ("secret", "mine"),
        ],
    )
    def test_is_refused_with_a_field_that_cannot_be(self, operator, field, value):
        answer = post(operator, "webhooks", HOOK | {field: value})

        assert answer.status_code == 400
        assert answer.json()["code"] == "bad-field"
        assert not Webhook.objects.exists()

    @pytest.mark.parametrize(
        "url",
        ["http://erp.example/", "https://127.0.0.1/", "https://[::1]/", "https://erp.example:22/"],
    )
    def test_is_refused_with_an_address_that_must_not_be_told(self, operator, url):
        answer = post(operator, "webhooks", HOOK | {"url": url})

        assert answer.status_code == 400
        assert answer.json()["code"] == "webhook-address"
        assert answer.json()["facts"]["url"] == url

    def test_is_one_of_few(self, site, operator):
        for _ in range(MAX_WEBHOOKS_PER_OWNER):
            make_webhook(site.people["operator"], HOOK["url"])

        answer = post(operator, "webhooks", HOOK)

        assert answer.status_code == 409
        assert answer.json()["facts"] == {"limit": MAX_WEBHOOKS_PER_OWNER}


class TestAWebhook:
    @pytest.fixture
    def hook(self, site):
        return make_webhook(site.people["operator"], HOOK["url"])

    def test_is_changed_by_what_is_named(self, operator, hook):
        answer = patch(operator, f"webhooks/{hook.pk}", {"name": "erp 2", "steps": ["link"]})

        assert answer.status_code == 200
        hook.refresh_from_db()
        assert (hook.name, hook.steps, hook.url) == ("erp 2", ["link"], HOOK["url"])
        facts = AuditEntry.objects.get(action="webhook.changed").facts
        assert facts["changes"] == {"name": "erp 2", "steps": ["link"]}

    def test_changes_no_further_than_it_may(self, operator, hook):
        answer = patch(operator, f"webhooks/{hook.pk}", {"url": "https://10.0.0.1/"})

        assert answer.json()["code"] == "webhook-address"
        hook.refresh_from_db()
        assert hook.url == HOOK["url"]

    def test_is_paused_and_resumed(self, operator, hook):
        assert patch(operator, f"webhooks/{hook.pk}", {"state": "paused"}).json()["paused_why"]
        assert patch(operator, f"webhooks/{hook.pk}", {"state": "paused"}).status_code == 200
        told = patch(operator, f"webhooks/{hook.pk}", {"state": "active"}).json()

        assert (told["state"], told["paused_why"]) == ("active", "")
        actions = AuditEntry.objects.filter(subject=f"webhook {hook.pk}").order_by("id")
        assert [entry.action for entry in actions] == [
            "webhook.created", "webhook.paused", "webhook.resumed",
        ]  # fmt: skip

    def test_is_gone_for_everybody_once_it_has_ended(self, operator, hook):
        assert operator.delete(f"/api/v3/webhooks/{hook.pk}").json()["state"] == "ended"

        assert operator.get("/api/v3/webhooks").json() == {"results": []}
        assert operator.get(f"/api/v3/webhooks/{hook.pk}").status_code == 404
        assert operator.delete(f"/api/v3/webhooks/{hook.pk}").status_code == 404

    def test_gets_a_new_secret(self, operator, hook):
        answer = post(operator, f"webhooks/{hook.pk}/rotate", {"overlap_seconds": 60})

        assert answer.status_code == 201
        hook.refresh_from_db()
        assert fingerprint(answer.json()["secret"]) == hook.fingerprint
        assert answer.json()["old_secret_until"] == hook.previous_secret_until.isoformat()

    @pytest.mark.parametrize(
        ("method", "tail"),
        [
            ("get", ""), ("patch", ""), ("delete", ""), ("post", "/rotate"), ("post", "/test"),
            ("get", "/deliveries"), ("post", "/deliveries/{}/replay"),
        ],
    )  # fmt: skip
    def test_of_somebody_else_is_not_there(self, office, hook, method, tail):
        deliveries(hook, 1)
        address = f"/api/v3/webhooks/{hook.pk}{tail.format(Delivery.objects.get().pk)}"
        sent = {} if method == "get" else {"data": "{}", "content_type": "application/json"}

        answer = getattr(office, method)(address, **sent)

        assert answer.status_code == 404
        assert answer.json()["code"] == "not-found"

    @pytest.mark.parametrize("number", ["0", "99999999999999999999", "9223372036854775808"])
    def test_of_any_number_is_not_there(self, operator, number):
        assert operator.get(f"/api/v3/webhooks/{number}").status_code == 404


class TestTheLog:
    @pytest.fixture
    def hook(self, site):
        return make_webhook(site.people["operator"], HOOK["url"])

    def test_shows_every_delivery_once_from_page_to_page(self, operator, hook):
        deliveries(hook, 5)
        address = f"/api/v3/webhooks/{hook.pk}/deliveries?per_page=2"

        found = []
        while address:
            page = operator.get(address).json()
            found += [row["id"] for row in page["results"]]
            address = page["next"]

        assert found == sorted(Delivery.objects.values_list("pk", flat=True), reverse=True)

    def test_is_narrowed_by_state(self, operator, hook):
        deliveries(hook, 2)
        failed = Delivery.objects.order_by("id").first()
        Delivery.objects.filter(pk=failed.pk).update(state="failed")

        page = operator.get(f"/api/v3/webhooks/{hook.pk}/deliveries?state=failed").json()

        assert [row["id"] for row in page["results"]] == [failed.pk]

    def test_takes_no_cursor_of_another(self, site, operator, hook):
        deliveries(hook, 2)
        page = operator.get(f"/api/v3/webhooks/{hook.pk}/deliveries?per_page=1").json()
        other = make_webhook(site.people["operator"], HOOK["url"])

        answer = operator.get(page["next"].replace(f"/{hook.pk}/", f"/{other.pk}/"))

        assert answer.json()["code"] == "bad-cursor"

    def test_replays_what_has_come_to_an_end(self, operator, hook):
        deliveries(hook, 1)
        delivery = Delivery.objects.get()
        address = f"webhooks/{hook.pk}/deliveries/{delivery.pk}/replay"
        assert post(operator, address, {}).json()["code"] == "delivery-waits"
        Delivery.objects.update(state="delivered")

        again = post(operator, address, {})

        assert again.status_code == 202
        assert again.json()["replay"] == 1
        assert again.json()["event"] == str(delivery.event.uid)


class TestHealth:
    def test_says_how_much_is_still_to_be_told(self, site, office):
        deliveries(make_webhook(site.people["operator"], HOOK["url"]), 3)

        figures = office.get("/api/v3/health").json()["webhooks"]

        assert figures["waiting"] == 3
        assert set(figures) == {"unmatched", "waiting", "late_seconds", "paused"}
