"""What a token is good for: its scopes, its networks, and what it may hand on."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.backends import RoleBackend
from accounts.roles import PERMISSIONS, permissions_for
from accounts.tokens import create_token
from tests.api_fixtures import CALLS, HERE, post, run_commit_hooks, scan_body
from tests.endpoints import api_views
from tests.problem_assertions import assert_problem
from tracetrack.api.scopes import Scope, scope_of_permission


def made(site, role="administrator", **more):
    """A client with a token of somebody of this role."""
    user = site.people[role]
    plain = create_token(actor=user, user=user, name="test", **more).plain
    run_commit_hooks()
    return Client(headers={"Authorization": f"Bearer {plain}"})


def ask_for(client, **fields):
    return post(client, "tokens", {"name": "gate 2", "scopes": ["read"]} | fields)


class TestAScope:
    @pytest.mark.parametrize("scope", Scope.values)
    @pytest.mark.parametrize("name", [name for name in CALLS if name != "GET health"])
    def test_opens_its_endpoints_and_no_other(self, site, scope, name):
        method, route = name.split()
        call = CALLS[name](site, "administrator")

        answer = call.by(made(site, scopes=[scope]), method)

        b"".join(answer)
        needed = scope_needed(method, route)
        if needed == scope:
            # What it asks for may be wider than itself.
            assert answer.status_code < 300 or answer.json()["code"] == "token-too-wide"
        else:
            document = assert_problem(answer, 403, "scope-missing")
            assert document["facts"] == {"scope": needed, "opens": [scope]}
            assert f'error="insufficient_scope", scope="{needed}"' in answer["WWW-Authenticate"]

    def test_is_named_by_every_permission(self):
        for permission in frozenset().union(*PERMISSIONS.values()):
            assert scope_of_permission(permission) in Scope.values

    def test_of_all_three_leaves_everything_and_adds_nothing(self):
        for role, whole in PERMISSIONS.items():
            assert permissions_for(role, frozenset(Scope.values)) == whole
            for scope in Scope.values:
                assert permissions_for(role, frozenset([scope])) <= whole

    def test_does_not_change_how_far_one_sees(self, site):
        client = made(site, "office", scopes=["scan"])

        answer = post(client, "scans", scan_body("inspect", "SB20001", area="indore"))

        assert answer.status_code == 201

    def test_bounds_its_user_wherever_a_right_is_asked_for(self, site):
        user = site.people["office"]
        user.scopes = frozenset(["read"])

        assert not RoleBackend().has_perm(user, "scans.force_dispatch")
        assert not user.has_perm("bags.hold_batch")
        assert user.has_perm("bags.view_bag")

    def test_bounds_a_token_that_only_reads_whatever_else_it_has(self, site):
        client = made(site, read_only=True)

        assert client.get(f"/api/v3/bags/{HERE}").status_code == 200
        assert_problem(post(client, "scans", scan_body("inspect", HERE)), 403, "scope-missing")
        assert_problem(ask_for(client), 403, "scope-missing")

    def test_does_not_hide_that_the_role_has_no_right(self, site):
        client = made(site, "viewer", scopes=["read"])

        assert_problem(post(client, "scans", scan_body("inspect", HERE)), 403, "forbidden")


def scope_needed(method, route):
    return scope_of_permission(api_views()[route].permissions[method]).value


class TestANetwork:
    def test_bounds_where_a_token_is_good(self, site):
        client = made(site, networks=["10.1.0.0/16", "2001:db8::/32"])

        for address in ("10.1.2.3", "::ffff:10.1.2.3", "2001:db8::7"):
            assert client.get("/api/v3/scans", REMOTE_ADDR=address).status_code == 200
        for address in ("10.2.0.1", "2001:db9::1", "nonsense"):
            answer = client.get("/api/v3/scans", REMOTE_ADDR=address)
            assert_problem(answer, 403, "wrong-network")

    def test_is_not_believed_from_a_header_that_anybody_may_send(self, site):
        client = made(site, networks=["10.1.0.0/16"])

        answer = client.get("/api/v3/scans", REMOTE_ADDR="9.9.9.9", HTTP_X_FORWARDED_FOR="10.1.2.3")

        assert_problem(answer, 403, "wrong-network")

    def test_bounds_the_kept_dashboard_too(self, site):
        client = made(site, networks=["10.1.0.0/16"])

        for _ in range(2):
            answer = client.get("/api/v3/dashboard/ultra", REMOTE_ADDR="10.2.0.1")
            assert_problem(answer, 403, "wrong-network")
            assert client.get("/api/v3/dashboard/ultra", REMOTE_ADDR="10.1.0.1").status_code == 200


class TestATokenThatMakesAnother:
    @pytest.mark.parametrize(
        ("own", "asked"),
        [
            ({"scopes": ["manage"]}, {"scopes": ["manage", "read"]}),
            ({"networks": ["10.1.0.0/16"]}, {}),
            ({"networks": ["10.1.0.0/16"]}, {"networks": ["10.0.0.0/15"]}),
            ({"networks": ["10.1.0.0/16"]}, {"networks": ["::/0"]}),
            ({"expires_at": timezone.now() + timedelta(hours=1)}, {}),
        ],
    )
    def test_gives_it_no_more_than_it_has(self, site, own, asked):
        client = made(site, **own)
        client.defaults["REMOTE_ADDR"] = "10.1.0.1"

        assert_problem(ask_for(client, **asked), 403, "token-too-wide")

    def test_gives_it_less(self, site):
        client = made(site, networks=["10.1.0.0/16"])
        client.defaults["REMOTE_ADDR"] = "10.1.0.1"

        assert ask_for(client, networks=["10.1.7.0/24", "10.1.0.1"]).status_code == 201

    def test_does_not_get_more_by_rotating_a_wider_one(self, site):
        narrow = made(site, scopes=["manage"])
        ada = site.people["administrator"]
        wide = create_token(actor=ada, user=ada, name="wide").token

        assert_problem(post(narrow, f"tokens/{wide.pk}/rotate", {}), 403, "token-too-wide")
