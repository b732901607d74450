"""Permissions: every endpoint, every role."""

import pytest
from django.test import Client

from accounts.backends import RoleBackend
from accounts.roles import PERMISSIONS
from tests.api_fixtures import CALLS, HERE, ROLES, post, scan_body
from tests.endpoints import PUBLIC, STATUSES, api_views
from tracetrack.api.view import ApiView


class TestEveryEndpoint:
    def test_is_an_api_view(self):
        assert all(issubclass(view, ApiView) for view in api_views().values())

    def test_names_a_permission_for_each_of_its_methods_and_no_other(self):
        for route, view in api_views().items():
            methods = {name.upper() for name in view.http_method_names if hasattr(view, name)}
            assert set(view.permissions) == methods - {"OPTIONS", "HEAD"}, route

    def test_names_permissions_that_some_role_has(self):
        known = frozenset().union(*PERMISSIONS.values())
        for route, view in api_views().items():
            assert set(view.permissions.values()) - {None} <= known, route

    def test_requires_authentication_unless_listed_here(self):
        is_open = {
            f"{method} {route}"
            for route, view in api_views().items()
            for method, permission in view.permissions.items()
            if permission is None
        }

        assert is_open == PUBLIC

    def test_is_tested_here(self):
        routes = {
            f"{method} {route}"
            for route, view in api_views().items()
            for method in view.permissions
        }

        assert routes == set(CALLS) == set(STATUSES)


class TestRole:
    @pytest.mark.parametrize("name", CALLS)
    def test_gets_the_expected_status(self, site, name):
        method = name.split()[0]

        answers = {}
        for role in ROLES:
            answer = CALLS[name](site, role).by(site.client(role), method)
            # An unread stream keeps its place.
            b"".join(answer)
            answers[role] = answer.status_code

        assert answers == dict(zip(ROLES, STATUSES[name], strict=True))

    @pytest.mark.parametrize("name", [name for name in CALLS if name not in PUBLIC])
    def test_invalid_token_is_401(self, site, name):
        client = Client(headers={"Authorization": "Bearer tt_wrong"})

        answer = CALLS[name](site, "anonymous").by(client, name.split()[0])

        assert answer.status_code == 401
        assert answer.json()["code"] == "not-signed-in"

    def test_role_change_takes_effect_at_the_next_request(self, site):
        client, asha = site.client("operator"), site.people["operator"]
        assert post(client, "scans", scan_body("inspect", HERE)).status_code == 201

        asha.role = "viewer"
        asha.save()

        assert post(client, "scans", scan_body("inspect", HERE)).status_code == 403

    def test_deactivated_user_is_401(self, site):
        client, asha = site.client("operator"), site.people["operator"]
        asha.is_active = False
        asha.save()

        assert client.get("/api/v3/scans").status_code == 401

    def test_missing_permission_is_named(self, site):
        answer = post(site.client("office"), "cache/clear", {"pattern": "dashboard:*"})

        assert answer.json()["facts"] == {"permission": "accounts.clear_cache"}

    def test_has_no_object_permissions(self, site):
        assert RoleBackend().get_all_permissions(site.people["office"], obj=object()) == set()


class TestSession:
    def test_post_needs_a_csrf_token(self, site):
        client = site.client("operator", enforce_csrf_checks=True)

        answer = post(client, "scans", scan_body("inspect", HERE))

        assert answer.status_code == 403
        assert answer.json()["code"] == "csrf-failed"

    def test_post_with_a_csrf_token_is_accepted(self, site):
        client = site.client("operator", enforce_csrf_checks=True)
        client.cookies["csrftoken"] = "a" * 32
        headers = {"X-CSRFToken": "a" * 32}

        answer = post(client, "scans", scan_body("inspect", HERE), headers=headers)

        assert answer.status_code == 201

    def test_get_needs_no_csrf_token(self, site):
        client = site.client("operator", enforce_csrf_checks=True)

        assert client.get("/api/v3/scans").status_code == 200


class TestToken:
    def test_needs_no_csrf_token(self, site):
        client = site.client("integrator", enforce_csrf_checks=True)

        assert post(client, "scans", scan_body("inspect", HERE)).status_code == 201

    def test_has_precedence_over_the_session(self, site):
        client = site.client("integrator")
        client.force_login(site.people["viewer"])

        answer = post(client, "scans", scan_body("inspect", HERE))

        assert answer.json()["scan"]["username"] == "ines"
