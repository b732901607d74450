"""The endpoints of webhooks and deliveries: responses, errors, ownership."""

import pytest

from audit.models import AuditEntry
from tests.api_fixtures import WEBHOOK, post
from tests.webhook_helpers import make_webhook
from webhooks.actions import MAX_WEBHOOKS_PER_OWNER, send_test
from webhooks.models import Delivery, Webhook
from webhooks.signing import fingerprint


def patch(client, path, body):
    return client.patch(f"/api/v3/{path}", body, content_type="application/json")


def create_deliveries(webhook, count):
    for _ in range(count):
        send_test(webhook=webhook)


class TestCreate:
    def test_returns_secret_once(self, operator):
        response = post(operator, "webhooks", WEBHOOK | {"areas": ["lucknow", "lucknow"]})

        assert response.status_code == 201
        body = response.json()
        webhook = Webhook.objects.get(pk=body["id"])
        assert body["areas"] == ["lucknow"]
        assert body["state"] == "active"
        assert fingerprint(body.pop("secret")) == webhook.fingerprint
        assert operator.get(f"/api/v3/webhooks/{webhook.pk}").json() == body
        assert operator.get("/api/v3/webhooks").json() == {"results": [body]}

    def test_audit_entry_has_no_secret(self, operator):
        secret = post(operator, "webhooks", WEBHOOK).json()["secret"]

        entry = AuditEntry.objects.get(action="webhook.created")
        assert entry.actor_name == "asha"
        assert entry.facts["url"] == WEBHOOK["url"]
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
    def test_refuses_invalid_field(self, operator, field, value):
        response = post(operator, "webhooks", WEBHOOK | {field: value})

        assert response.status_code == 400
        assert response.json()["code"] == "bad-field"
        assert not Webhook.objects.exists()

    @pytest.mark.parametrize(
        "url",
        ["http://erp.example/", "https://127.0.0.1/", "https://[::1]/", "https://erp.example:22/"],
    )
    def test_refuses_url_that_is_not_allowed(self, operator, url):
        response = post(operator, "webhooks", WEBHOOK | {"url": url})

        assert response.status_code == 400
        assert response.json()["code"] == "webhook-address"
        assert response.json()["facts"]["url"] == url

    def test_is_limited_per_owner(self, site, operator):
        for _ in range(MAX_WEBHOOKS_PER_OWNER):
            make_webhook(site.people["operator"], WEBHOOK["url"])

        response = post(operator, "webhooks", WEBHOOK)

        assert response.status_code == 409
        assert response.json()["facts"] == {"limit": MAX_WEBHOOKS_PER_OWNER}


class TestWebhook:
    @pytest.fixture
    def hook(self, site):
        return make_webhook(site.people["operator"], WEBHOOK["url"])

    def test_patch_changes_given_fields(self, operator, hook):
        response = patch(operator, f"webhooks/{hook.pk}", {"name": "erp 2", "steps": ["link"]})

        assert response.status_code == 200
        hook.refresh_from_db()
        assert (hook.name, hook.steps, hook.url) == ("erp 2", ["link"], WEBHOOK["url"])
        facts = AuditEntry.objects.get(action="webhook.changed").facts
        assert facts["changes"] == {"name": "erp 2", "steps": ["link"]}

    def test_patch_refuses_url_that_is_not_allowed(self, operator, hook):
        response = patch(operator, f"webhooks/{hook.pk}", {"url": "https://10.0.0.1/"})

        assert response.json()["code"] == "webhook-address"
        hook.refresh_from_db()
        assert hook.url == WEBHOOK["url"]

    def test_is_paused_and_resumed(self, operator, hook):
        assert patch(operator, f"webhooks/{hook.pk}", {"state": "paused"}).json()["paused_why"]
        assert patch(operator, f"webhooks/{hook.pk}", {"state": "paused"}).status_code == 200
        body = patch(operator, f"webhooks/{hook.pk}", {"state": "active"}).json()

        assert (body["state"], body["paused_why"]) == ("active", "")
        actions = AuditEntry.objects.filter(subject=f"webhook {hook.pk}").order_by("id")
        assert [entry.action for entry in actions] == [
            "webhook.created", "webhook.paused", "webhook.resumed",
        ]  # fmt: skip

    def test_ended_webhook_is_missing(self, operator, hook):
        assert operator.delete(f"/api/v3/webhooks/{hook.pk}").json()["state"] == "ended"

        assert operator.get("/api/v3/webhooks").json() == {"results": []}
        assert operator.get(f"/api/v3/webhooks/{hook.pk}").status_code == 404
        assert operator.delete(f"/api/v3/webhooks/{hook.pk}").status_code == 404

    def test_rotate_returns_new_secret(self, operator, hook):
        response = post(operator, f"webhooks/{hook.pk}/rotate", {"overlap_seconds": 60})

        assert response.status_code == 201
        hook.refresh_from_db()
        assert fingerprint(response.json()["secret"]) == hook.fingerprint
        assert response.json()["old_secret_until"] == hook.previous_secret_until.isoformat()

    @pytest.mark.parametrize(
        ("method", "tail"),
        [
            ("get", ""), ("patch", ""), ("delete", ""), ("post", "/rotate"), ("post", "/test"),
            ("get", "/deliveries"), ("post", "/deliveries/{}/replay"),
        ],
    )  # fmt: skip
    def test_of_other_user_is_missing(self, office, hook, method, tail):
        create_deliveries(hook, 1)
        url = f"/api/v3/webhooks/{hook.pk}{tail.format(Delivery.objects.get().pk)}"
        body = {} if method == "get" else {"data": "{}", "content_type": "application/json"}

        response = getattr(office, method)(url, **body)

        assert response.status_code == 404
        assert response.json()["code"] == "not-found"

    @pytest.mark.parametrize("number", ["0", "99999999999999999999", "9223372036854775808"])
    def test_unknown_id_is_missing(self, operator, number):
        assert operator.get(f"/api/v3/webhooks/{number}").status_code == 404


class TestDeliveries:
    @pytest.fixture
    def hook(self, site):
        return make_webhook(site.people["operator"], WEBHOOK["url"])

    def test_pages_contain_every_delivery_once(self, operator, hook):
        create_deliveries(hook, 5)
        url = f"/api/v3/webhooks/{hook.pk}/deliveries?per_page=2"

        ids = []
        while url:
            page = operator.get(url).json()
            ids += [row["id"] for row in page["results"]]
            url = page["next"]

        assert ids == sorted(Delivery.objects.values_list("pk", flat=True), reverse=True)

    def test_are_filtered_by_state(self, operator, hook):
        create_deliveries(hook, 2)
        failed = Delivery.objects.order_by("id").first()
        Delivery.objects.filter(pk=failed.pk).update(state="failed")

        page = operator.get(f"/api/v3/webhooks/{hook.pk}/deliveries?state=failed").json()

        assert [row["id"] for row in page["results"]] == [failed.pk]

    def test_cursor_of_other_webhook_is_refused(self, site, operator, hook):
        create_deliveries(hook, 2)
        page = operator.get(f"/api/v3/webhooks/{hook.pk}/deliveries?per_page=1").json()
        other = make_webhook(site.people["operator"], WEBHOOK["url"])

        response = operator.get(page["next"].replace(f"/{hook.pk}/", f"/{other.pk}/"))

        assert response.json()["code"] == "bad-cursor"

    def test_finished_delivery_is_replayed(self, operator, hook):
        create_deliveries(hook, 1)
        delivery = Delivery.objects.get()
        url = f"webhooks/{hook.pk}/deliveries/{delivery.pk}/replay"
        assert post(operator, url, {}).json()["code"] == "delivery-waits"
        Delivery.objects.update(state="delivered")

        again = post(operator, url, {})

        assert again.status_code == 202
        assert again.json()["replay"] == 1
        assert again.json()["event"] == str(delivery.event.uid)


class TestHealth:
    def test_contains_backlog(self, site, office):
        create_deliveries(make_webhook(site.people["operator"], WEBHOOK["url"]), 3)

        figures = office.get("/api/v3/health").json()["webhooks"]

        assert figures["waiting"] == 3
        assert set(figures) == {"unmatched", "waiting", "late_seconds", "paused"}
