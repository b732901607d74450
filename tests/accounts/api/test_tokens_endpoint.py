"""Tokens by the API: made, shown once, listed, rotated, revoked; what each is good for."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from accounts.models import ApiToken
from accounts.tokens import MAX_ACTIVE_TOKENS, create_token, issue_token, rotate_token
from audit.models import AuditEntry
from tests.api_fixtures import post, run_commit_hooks
from tests.concurrency import run_concurrently
from tests.factories import make_user
from tests.problem_assertions import assert_problem
from tracetrack.errors.problem import TokenEnded, TooManyTokens


def bearer(plain, **more):
    return Client(headers={"Authorization": f"Bearer {plain}"}, **more)


def made(site, role="administrator", **more):
    """A client with a token of somebody of this role."""
    user = site.people[role]
    plain = create_token(actor=user, user=user, name="test", **more).plain
    run_commit_hooks()
    return bearer(plain)


def ask_for(client, **fields):
    return post(client, "tokens", {"name": "gate 2", "scopes": ["read"]} | fields)


class TestATokenMadeByTheApi:
    def test_is_shown_once_and_opens_the_api(self, site, operator):
        answer = ask_for(operator, scopes=["scan", "read"])

        shown = answer.json()
        assert answer.status_code == 201
        assert answer["Cache-Control"] == "no-store"
        assert shown["token"].startswith(shown["prefix"])
        assert (shown["username"], shown["scopes"]) == ("asha", ["read", "scan"])
        assert bearer(shown["token"]).get("/api/v3/users/me").json()["username"] == "asha"
        again = operator.get(f"/api/v3/tokens/{shown['id']}").json()
        assert again == {name: again[name] for name in shown if name != "token"}

    def test_is_audited_with_what_it_is_good_for(self, site, operator):
        shown = ask_for(operator, networks=["10.0.0.0/24"], read_only=True).json()

        entry = AuditEntry.objects.get(subject=f"token {shown['prefix']}")
        assert entry.facts["networks"] == ["10.0.0.0/24"]
        assert entry.facts["read_only"] is True
        assert shown["token"] not in str(entry.facts)

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
    def test_is_refused_when_its_bounds_make_no_sense(self, operator, fields):
        assert_problem(ask_for(operator, **fields), 400, "bad-field")
        assert not ApiToken.objects.exists()

    def test_is_for_another_account_only_by_an_administrator(self, site, operator):
        ada = site.client("administrator")

        assert ask_for(ada, username="ines").json()["username"] == "ines"
        assert_problem(ask_for(ada, username="nobody"), 400, "bad-field")
        assert_problem(ask_for(operator, username="ines"), 403, "forbidden")

    def test_is_one_of_a_number_that_is_bounded(self, site, operator):
        for _ in range(MAX_ACTIVE_TOKENS):
            issue_token(site.people["operator"], "gate")

        assert_problem(ask_for(operator), 409, "too-many-tokens")
        ApiToken.objects.filter(name="gate").first().delete()
        assert ask_for(operator).status_code == 201


class TestTheList:
    def test_shows_ones_own_tokens_and_never_a_secret(self, site, operator):
        plain = issue_token(site.people["operator"], "mine")
        issue_token(site.people["office"], "other")

        answer = operator.get("/api/v3/tokens")

        assert [token["name"] for token in answer.json()["results"]] == ["mine"]
        assert plain[11:] not in answer.content.decode()
        assert "digest" not in answer.content.decode()

    def test_shows_an_administrator_all_of_them_by_state_and_user(self, site):
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

    def test_goes_on_at_its_cursor(self, site, operator):
        for number in range(5):
            issue_token(site.people["operator"], str(number))

        found, follow = [], "/api/v3/tokens?per_page=2"
        while follow:
            page = operator.get(follow).json()
            found += [token["name"] for token in page["results"]]
            follow = page["next"]

        assert found == ["4", "3", "2", "1", "0"]

    def test_hides_a_foreign_token_as_if_there_were_none(self, site, operator):
        issue_token(site.people["office"], "other")
        number = ApiToken.objects.get().pk

        for ask in (
            operator.get(f"/api/v3/tokens/{number}"),
            post(operator, f"tokens/{number}/rotate", {}),
            post(operator, f"tokens/{number}/revoke", {}),
            operator.get("/api/v3/tokens/99999999999999999999"),
        ):
            assert_problem(ask, 404, "token-unknown")
        assert ApiToken.objects.get().revoked_at is None


class TestRotation:
    def test_gives_a_successor_and_ends_the_old_one(self, site, operator):
        first = ask_for(operator, networks=["127.0.0.1/32"], scopes=["read", "scan"]).json()

        answer = post(operator, f"tokens/{first['id']}/rotate", {})

        second = answer.json()
        same = ("name", "scopes", "networks", "read_only", "expires_at", "username")
        assert answer.status_code == 201
        assert [second[field] for field in same] == [first[field] for field in same]
        assert bearer(second["token"]).get("/api/v3/scans").status_code == 200
        assert bearer(first["token"]).get("/api/v3/scans").status_code == 401
        entry = AuditEntry.objects.get(action="token.rotated")
        assert entry.facts["successor"] == second["prefix"]

    def test_lets_the_old_one_go_on_for_a_while(self, site, operator):
        first = ask_for(operator).json()
        now = timezone.now()

        second = post(operator, f"tokens/{first['id']}/rotate", {"overlap_seconds": 60}).json()

        assert bearer(first["token"]).get("/api/v3/scans").status_code == 200
        with time_machine.travel(now + timedelta(seconds=70)):
            assert bearer(first["token"]).get("/api/v3/scans").status_code == 401
            assert bearer(second["token"]).get("/api/v3/scans").status_code == 200

    def test_makes_no_token_good_for_longer_than_it_was(self, site, operator):
        end = timezone.now() + timedelta(seconds=30)
        first = ask_for(operator, expires_at=end.isoformat()).json()

        second = post(operator, f"tokens/{first['id']}/rotate", {"overlap_seconds": 60}).json()

        assert second["expires_at"] == first["expires_at"]
        assert ApiToken.objects.get(pk=first["id"]).expires_at == end

    def test_is_refused_for_one_that_has_ended(self, site, operator):
        first = ask_for(operator).json()
        post(operator, f"tokens/{first['id']}/revoke", {})

        answer = post(operator, f"tokens/{first['id']}/rotate", {})

        assert_problem(answer, 409, "token-ended")

    def test_is_for_its_user_alone(self, site):
        issue_token(site.people["operator"], "mine")
        number = ApiToken.objects.get().pk

        answer = post(site.client("administrator"), f"tokens/{number}/rotate", {})

        assert_problem(answer, 403, "token-not-yours")

    @pytest.mark.parametrize("overlap", [-1, 604_801, "x", None, 1.5])
    def test_overlaps_by_a_week_at_most(self, site, operator, overlap):
        first = ask_for(operator).json()

        answer = post(operator, f"tokens/{first['id']}/rotate", {"overlap_seconds": overlap})

        assert_problem(answer, 400, "bad-field")


class TestRevocation:
    def test_works_with_the_next_request_and_may_be_said_twice(self, site, operator):
        shown = ask_for(operator).json()
        client = bearer(shown["token"])
        assert client.get("/api/v3/dashboard/ultra").status_code == 200

        first = post(operator, f"tokens/{shown['id']}/revoke", {})
        again = post(operator, f"tokens/{shown['id']}/revoke", {})

        assert first.json()["state"] == "ended"
        assert first.json() == again.json()
        assert client.get("/api/v3/dashboard/ultra").status_code == 401


@pytest.mark.django_db(transaction=True)
class TestTwoAtTheSameTime:
    def test_cannot_both_make_the_last_token(self):
        user = make_user("olga", "operator")
        for _ in range(MAX_ACTIVE_TOKENS - 1):
            issue_token(user, "gate")

        outcomes = run_concurrently([lambda: issue_token(user, "gate")] * 4)

        assert sum(isinstance(outcome, TooManyTokens) for outcome in outcomes) == 3
        assert ApiToken.objects.filter(user=user).count() == MAX_ACTIVE_TOKENS

    def test_cannot_both_rotate_one_token(self):
        user = make_user("olga", "operator")
        token = create_token(actor=user, user=user, name="gate").token

        outcomes = run_concurrently([lambda: rotate_token(actor=user, token=token)] * 4)

        assert sum(isinstance(outcome, TokenEnded) for outcome in outcomes) == 3
        assert ApiToken.objects.filter(user=user, revoked_at=None).count() == 1
