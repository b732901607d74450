"""The token endpoints: create, list, rotate, revoke."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from accounts.errors import TokenEnded, TooManyTokens
from accounts.models import ApiToken
from accounts.tokens import MAX_ACTIVE_TOKENS, create_token, issue_token, rotate_token
from audit.models import AuditEntry
from tests.api_fixtures import post, run_commit_hooks
from tests.concurrency import run_concurrently
from tests.factories import make_user
from tests.problem_assertions import assert_problem


def bearer(plain, **more):
    return Client(headers={"Authorization": f"Bearer {plain}"}, **more)


def client_with_token(site, role="administrator", **more):
    """Return a client with a token of a user with this role."""
    user = site.people[role]
    plain = create_token(actor=user, user=user, name="test", **more).plain
    run_commit_hooks()
    return bearer(plain)


def create_by_api(client, **fields):
    return post(client, "tokens", {"name": "gate 2", "scopes": ["read"]} | fields)


class TestCreate:
    def test_returns_the_token_once(self, site, operator):
        response = create_by_api(operator, scopes=["scan", "read"])

        created = response.json()
        assert response.status_code == 201
        assert response["Cache-Control"] == "no-store"
        assert created["token"].startswith(created["prefix"])
        assert (created["username"], created["scopes"]) == ("asha", ["read", "scan"])
        assert bearer(created["token"]).get("/api/v3/users/me").json()["username"] == "asha"
        again = operator.get(f"/api/v3/tokens/{created['id']}").json()
        assert again == {name: again[name] for name in created if name != "token"}

    def test_is_audited(self, site, operator):
        created = create_by_api(operator, networks=["10.0.0.0/24"], read_only=True).json()

        entry = AuditEntry.objects.get(subject=f"token {created['prefix']}")
        assert entry.facts["networks"] == ["10.0.0.0/24"]
        assert entry.facts["read_only"] is True
        assert created["token"] not in str(entry.facts)

    @pytest.mark.parametrize(
        "fields",
        [
            {"scopes": []},
            {"scopes": ["admin"]},
            {"scopes": "read"},
            {"name": ""},
            {"name": "x" * 65},
            {"networks": ["10.0.0.1/8"]},
            {"networks": ["nowhere"]},
            {"networks": ["10.0.0.0/24"] * 21},
            {"expires_at": "2020-01-01T00:00:00Z"},
            {"expires_at": "soon"},
            {"digest": "0" * 64},
            {"user": 1},
            {"token": "tt_mine"},
        ],
    )
    def test_rejects_invalid_fields(self, operator, fields):
        assert_problem(create_by_api(operator, **fields), 400, "bad-field")
        assert not ApiToken.objects.exists()

    def test_administrators_may_create_tokens_of_other_users(self, site, operator):
        ada = site.client("administrator")

        assert create_by_api(ada, username="ines").json()["username"] == "ines"
        assert_problem(create_by_api(ada, username="nobody"), 400, "bad-field")
        assert_problem(create_by_api(operator, username="ines"), 403, "forbidden")

    def test_the_number_of_active_tokens_is_limited(self, site, operator):
        for _ in range(MAX_ACTIVE_TOKENS):
            issue_token(site.people["operator"], "gate")

        assert_problem(create_by_api(operator), 409, "too-many-tokens")
        ApiToken.objects.filter(name="gate").first().delete()
        assert create_by_api(operator).status_code == 201


class TestList:
    def test_shows_own_tokens_without_secrets(self, site, operator):
        plain = issue_token(site.people["operator"], "mine")
        issue_token(site.people["office"], "other")

        response = operator.get("/api/v3/tokens")

        assert [token["name"] for token in response.json()["results"]] == ["mine"]
        assert plain[11:] not in response.content.decode()
        assert "digest" not in response.content.decode()

    def test_administrators_see_all_and_filter_by_state_and_user(self, site):
        ada = site.client("administrator")
        issue_token(site.people["operator"], "first")
        issue_token(site.people["office"], "second", timezone.now() + timedelta(hours=1))
        number = ApiToken.objects.get(name="first").pk
        post(ada, f"tokens/{number}/revoke", {})

        def names(query):
            return [t["name"] for t in ada.get(f"/api/v3/tokens?{query}").json()["results"]]

        assert names("") == ["second", "first"]
        assert names("username=asha") == ["first"]
        assert names("state=ended") == ["first"]
        assert names("state=good") == ["second"]
        with time_machine.travel(timezone.now() + timedelta(hours=2)):
            assert names("state=good") == []

    def test_has_pages(self, site, operator):
        for number in range(5):
            issue_token(site.people["operator"], str(number))

        names, link = [], "/api/v3/tokens?per_page=2"
        while link:
            page = operator.get(link).json()
            names += [token["name"] for token in page["results"]]
            link = page["next"]

        assert names == ["4", "3", "2", "1", "0"]

    def test_tokens_of_other_users_are_not_found(self, site, operator):
        issue_token(site.people["office"], "other")
        number = ApiToken.objects.get().pk

        for response in (
            operator.get(f"/api/v3/tokens/{number}"),
            post(operator, f"tokens/{number}/rotate", {}),
            post(operator, f"tokens/{number}/revoke", {}),
            operator.get("/api/v3/tokens/99999999999999999999"),
        ):
            assert_problem(response, 404, "token-unknown")
        assert ApiToken.objects.get().revoked_at is None


class TestRotate:
    def test_creates_a_successor_and_ends_the_old_token(self, site, operator):
        first = create_by_api(operator, networks=["127.0.0.1/32"], scopes=["read", "scan"]).json()

        response = post(operator, f"tokens/{first['id']}/rotate", {})

        second = response.json()
        same = ("name", "scopes", "networks", "read_only", "expires_at", "username")
        assert response.status_code == 201
        assert [second[field] for field in same] == [first[field] for field in same]
        assert bearer(second["token"]).get("/api/v3/scans").status_code == 200
        assert bearer(first["token"]).get("/api/v3/scans").status_code == 401
        entry = AuditEntry.objects.get(action="token.rotated")
        assert entry.facts["successor"] == second["prefix"]

    def test_the_old_token_is_valid_during_the_overlap(self, site, operator):
        first = create_by_api(operator).json()
        now = timezone.now()

        second = post(operator, f"tokens/{first['id']}/rotate", {"overlap_seconds": 60}).json()

        assert bearer(first["token"]).get("/api/v3/scans").status_code == 200
        with time_machine.travel(now + timedelta(seconds=70)):
            assert bearer(first["token"]).get("/api/v3/scans").status_code == 401
            assert bearer(second["token"]).get("/api/v3/scans").status_code == 200

    def test_does_not_extend_the_lifetime(self, site, operator):
        end = timezone.now() + timedelta(seconds=30)
        first = create_by_api(operator, expires_at=end.isoformat()).json()

        second = post(operator, f"tokens/{first['id']}/rotate", {"overlap_seconds": 60}).json()

        assert second["expires_at"] == first["expires_at"]
        assert ApiToken.objects.get(pk=first["id"]).expires_at == end

    def test_rejects_an_ended_token(self, site, operator):
        first = create_by_api(operator).json()
        post(operator, f"tokens/{first['id']}/revoke", {})

        response = post(operator, f"tokens/{first['id']}/rotate", {})

        assert_problem(response, 409, "token-ended")

    def test_rejects_a_token_of_another_user(self, site):
        issue_token(site.people["operator"], "mine")
        number = ApiToken.objects.get().pk

        response = post(site.client("administrator"), f"tokens/{number}/rotate", {})

        assert_problem(response, 403, "token-not-yours")

    @pytest.mark.parametrize("overlap", [-1, 604_801, "x", None, 1.5])
    def test_rejects_an_invalid_overlap(self, site, operator, overlap):
        first = create_by_api(operator).json()

        response = post(operator, f"tokens/{first['id']}/rotate", {"overlap_seconds": overlap})

        assert_problem(response, 400, "bad-field")


class TestRevoke:
    def test_is_effective_at_once_and_idempotent(self, site, operator):
        created = create_by_api(operator).json()
        client = bearer(created["token"])
        assert client.get("/api/v3/dashboard/ultra").status_code == 200

        first = post(operator, f"tokens/{created['id']}/revoke", {})
        again = post(operator, f"tokens/{created['id']}/revoke", {})

        assert first.json()["state"] == "ended"
        assert first.json() == again.json()
        assert client.get("/api/v3/dashboard/ultra").status_code == 401


@pytest.mark.django_db(transaction=True)
class TestConcurrentRequests:
    def test_cannot_exceed_the_limit(self):
        user = make_user("olga", "operator")
        for _ in range(MAX_ACTIVE_TOKENS - 1):
            issue_token(user, "gate")

        outcomes = run_concurrently([lambda: issue_token(user, "gate")] * 4)

        assert sum(isinstance(outcome, TooManyTokens) for outcome in outcomes) == 3
        assert ApiToken.objects.filter(user=user).count() == MAX_ACTIVE_TOKENS

    def test_rotate_a_token_once(self):
        user = make_user("olga", "operator")
        token = create_token(actor=user, user=user, name="gate").token

        outcomes = run_concurrently([lambda: rotate_token(actor=user, token=token)] * 4)

        assert sum(isinstance(outcome, TokenEnded) for outcome in outcomes) == 3
        assert ApiToken.objects.filter(user=user, revoked_at=None).count() == 1
