"""Restrictions of tokens: scopes, networks, and the rights of tokens created with them."""

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


def client_with_token(site, role="administrator", **more):
    """Return a client with a token of a user with this role."""
    user = site.people[role]
    plain = create_token(actor=user, user=user, name="test", **more).plain
    run_commit_hooks()
    return Client(headers={"Authorization": f"Bearer {plain}"})


def create_by_api(client, **fields):
    return post(client, "tokens", {"name": "gate 2", "scopes": ["read"]} | fields)


class TestScopes:
    @pytest.mark.parametrize("scope", Scope.values)
    @pytest.mark.parametrize("name", [name for name in CALLS if name != "GET health"])
    def test_allow_their_endpoints_only(self, site, scope, name):
        method, route = name.split()
        call = CALLS[name](site, "administrator")

        response = call.by(client_with_token(site, scopes=[scope]), method)

        b"".join(response)
        needed = scope_needed(method, route)
        if needed == scope:
            # Creating a token with more rights is forbidden.
            assert response.status_code < 300 or response.json()["code"] == "token-too-wide"
        else:
            document = assert_problem(response, 403, "scope-missing")
            assert document["facts"] == {"scope": needed, "opens": [scope]}
            assert f'error="insufficient_scope", scope="{needed}"' in response["WWW-Authenticate"]

    def test_are_assigned_to_every_permission(self):
        for permission in frozenset().union(*PERMISSIONS.values()):
            assert scope_of_permission(permission) in Scope.values

    def test_together_allow_all_permissions_of_the_role(self):
        for role, whole in PERMISSIONS.items():
            assert permissions_for(role, frozenset(Scope.values)) == whole
            for scope in Scope.values:
                assert permissions_for(role, frozenset([scope])) <= whole

    def test_do_not_restrict_the_visible_areas(self, site):
        client = client_with_token(site, "office", scopes=["scan"])

        response = post(client, "scans", scan_body("inspect", "SB20001", area="indore"))

        assert response.status_code == 201

    def test_restrict_all_permission_checks(self, site):
        user = site.people["office"]
        user.scopes = frozenset(["read"])

        assert not RoleBackend().has_perm(user, "scans.force_dispatch")
        assert not user.has_perm("bags.hold_batch")
        assert user.has_perm("bags.view_bag")

    def test_of_a_read_only_token_are_limited_to_read(self, site):
        client = client_with_token(site, read_only=True)

        assert client.get(f"/api/v3/bags/{HERE}").status_code == 200
        assert_problem(post(client, "scans", scan_body("inspect", HERE)), 403, "scope-missing")
        assert_problem(create_by_api(client), 403, "scope-missing")

    def test_missing_permissions_of_the_role_are_reported_first(self, site):
        client = client_with_token(site, "viewer", scopes=["read"])

        assert_problem(post(client, "scans", scan_body("inspect", HERE)), 403, "forbidden")


def scope_needed(method, route):
    return scope_of_permission(api_views()[route].permissions[method]).value


class TestNetworks:
    def test_restrict_where_a_token_is_valid(self, site):
        client = client_with_token(site, networks=["10.1.0.0/16", "2001:db8::/32"])

        for address in ("10.1.2.3", "::ffff:10.1.2.3", "2001:db8::7"):
            assert client.get("/api/v3/scans", REMOTE_ADDR=address).status_code == 200
        for address in ("10.2.0.1", "2001:db9::1", "nonsense"):
            response = client.get("/api/v3/scans", REMOTE_ADDR=address)
            assert_problem(response, 403, "wrong-network")

    def test_are_not_checked_against_untrusted_headers(self, site):
        client = client_with_token(site, networks=["10.1.0.0/16"])

        response = client.get(
            "/api/v3/scans", REMOTE_ADDR="9.9.9.9", HTTP_X_FORWARDED_FOR="10.1.2.3"
        )

        assert_problem(response, 403, "wrong-network")

    def test_apply_to_cached_responses(self, site):
        client = client_with_token(site, networks=["10.1.0.0/16"])

        for _ in range(2):
            response = client.get("/api/v3/dashboard/ultra", REMOTE_ADDR="10.2.0.1")
            assert_problem(response, 403, "wrong-network")
            assert client.get("/api/v3/dashboard/ultra", REMOTE_ADDR="10.1.0.1").status_code == 200


class TestCreatingTokensWithAToken:
    @pytest.mark.parametrize(
        ("own", "requested"),
        [
            ({"scopes": ["manage"]}, {"scopes": ["manage", "read"]}),
            ({"networks": ["10.1.0.0/16"]}, {}),
            ({"networks": ["10.1.0.0/16"]}, {"networks": ["10.0.0.0/15"]}),
            ({"networks": ["10.1.0.0/16"]}, {"networks": ["::/0"]}),
            ({"expires_at": timezone.now() + timedelta(hours=1)}, {}),
        ],
    )
    def test_a_token_with_more_rights_is_an_error(self, site, own, requested):
        client = client_with_token(site, **own)
        client.defaults["REMOTE_ADDR"] = "10.1.0.1"

        assert_problem(create_by_api(client, **requested), 403, "token-too-wide")

    def test_a_token_with_fewer_rights_is_created(self, site):
        client = client_with_token(site, networks=["10.1.0.0/16"])
        client.defaults["REMOTE_ADDR"] = "10.1.0.1"

        assert create_by_api(client, networks=["10.1.7.0/24", "10.1.0.1"]).status_code == 201

    def test_a_token_with_more_rights_cannot_be_rotated(self, site):
        narrow = client_with_token(site, scopes=["manage"])
        ada = site.people["administrator"]
        wide = create_token(actor=ada, user=ada, name="wide").token

        assert_problem(post(narrow, f"tokens/{wide.pk}/rotate", {}), 403, "token-too-wide")
