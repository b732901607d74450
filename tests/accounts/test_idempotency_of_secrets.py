"""Idempotency-Key of responses that show a secret: the secret is repeated but never stored."""

import pytest
from django.test import Client

from accounts.models import ApiToken, IdempotencyKey
from audit.models import AuditEntry
from tests.api_fixtures import CALLS, create_delivery_path, make_site, run_commit_hooks, send
from tests.endpoints import api_views
from tests.problem_assertions import assert_problem
from webhooks.models import Delivery, Webhook

WITH_SECRET = {
    "POST tokens": "token",
    "POST tokens/<int:token>/rotate": "token",
    "POST webhooks": "secret",
    "POST webhooks/<int:webhook>/rotate": "secret",
}
# Scans have a ref for the same purpose; the others create nothing.
WITHOUT_KEY = {
    "POST scans", "POST scans/bulk", "POST scans/<int:scan>/undo", "POST batch/stats",
    "POST cache/clear", "POST pool/reset", "POST graphql",
}  # fmt: skip


@pytest.fixture
def site(db):
    return make_site()


@pytest.fixture
def office(site):
    return site.client("office")


def send_with_key(client, path, body, key="k-1"):
    return send(client, "POST", path, body, headers={"Idempotency-Key": key})


class TestEveryWrite:
    def test_honours_the_key_unless_listed(self):
        changing = {
            f"{method} {route}": getattr(view, method.lower())
            for route, view in api_views().items()
            for method in view.permissions
            if method != "GET"
        }

        assert {
            name for name, act in changing.items() if not hasattr(act, "idempotent")
        } == WITHOUT_KEY


class TestSecret:
    @pytest.mark.parametrize("name", WITH_SECRET)
    def test_is_repeated(self, site, office, name):
        call = CALLS[name](site, "office")

        first = send_with_key(office, call.path, call.body)
        again = send_with_key(office, call.path, call.body)

        assert first.status_code == again.status_code == 201, first.content
        assert again.content == first.content
        assert len(first.json()[WITH_SECRET[name]]) > 40
        assert again["Idempotency-Replayed"] == "true"
        for header in ("Location", "Cache-Control"):
            assert again[header] == first[header]
        assert first["Cache-Control"] == "no-store"

    @pytest.mark.parametrize("name", WITH_SECRET)
    def test_is_not_stored(self, site, office, name):
        call = CALLS[name](site, "office")

        secret = send_with_key(office, call.path, call.body).json()[WITH_SECRET[name]]

        stored = IdempotencyKey.objects.get()
        written = [bytes(stored.body).decode(), stored.secret_seed, str(stored.headers)]
        written += [str(row) for row in AuditEntry.objects.values_list()]
        written += [str(row) for row in ApiToken.objects.values_list()]
        written += [str(row) for row in Webhook.objects.values_list()]
        assert not any(secret in text or secret[10:] in text for text in written)

    @pytest.mark.parametrize("name", WITH_SECRET)
    def test_differs_with_another_key_or_none(self, site, office, name):
        call = CALLS[name](site, "office")
        path = call.path
        made = []
        for key in ("k-1", "k-2", None, None):
            headers = {"Idempotency-Key": key} if key else None
            answer = send(office, "POST", path, call.body, headers=headers)
            assert answer.status_code == 201, answer.content
            made.append(answer.json()[WITH_SECRET[name]])
            if name.startswith("POST tokens/"):
                path = f"tokens/{answer.json()['id']}/rotate"

        assert len(set(made)) == 4

    @pytest.mark.parametrize("name", ["POST tokens", "POST webhooks"])
    def test_is_not_repeated_with_another_secret_key(self, site, office, name, settings):
        call = CALLS[name](site, "office")
        send_with_key(office, call.path, call.body)
        token = site.client("integrator")
        settings.SECRET_KEY = "another-key-another-key-another-key-another-key"
        office.force_login(site.people["office"])

        assert token.get("/api/v3/users/me").status_code == 200
        assert_problem(send_with_key(office, call.path, call.body), 422, "key-reused")

    def test_of_a_repeated_token_authenticates(self, site, office):
        body = {"name": "gate 2", "scopes": ["read"]}
        send_with_key(office, "tokens", body)
        plain = send_with_key(office, "tokens", body).json()["token"]

        client = Client(headers={"Authorization": f"Bearer {plain}"})

        assert client.get("/api/v3/users/me").json()["username"] == "ben"
        assert ApiToken.objects.filter(name="gate 2").count() == 1


class TestWebhookActions:
    def test_is_done_once(self, site, office):
        call = CALLS["POST webhooks/<int:webhook>/test"](site, "office")
        for _ in range(2):
            assert send_with_key(office, call.path, {}).status_code == 202
        assert Delivery.objects.count() == 1

    def test_is_replayed_once(self, site, office):
        path = f"{create_delivery_path(site, 'office')}/replay"
        answers = [send_with_key(office, path, {}) for _ in range(2)]

        assert answers[0].content == answers[1].content
        assert Delivery.objects.filter(replay=1).count() == 1

    def test_with_another_body_is_refused(self, site, office):
        call = CALLS["POST webhooks"](site, "office")
        send_with_key(office, call.path, call.body)

        answer = send_with_key(office, call.path, call.body | {"name": "other"})

        assert_problem(answer, 422, "key-reused")
        run_commit_hooks()
        assert Webhook.objects.count() == 1
