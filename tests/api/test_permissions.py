"""Who may call what: every endpoint, every role."""

import pytest
from django.test import Client
from django.urls import URLPattern, get_resolver

from accounts.backends import RoleBackend
from accounts.roles import PERMISSIONS
from tests.api_fixtures import CALLS, HERE, ROLES, post, scan_body
from tracetrack.api.view import ApiView

# anonymous, viewer, operator, office, administrator, integrator
LOOK = (401, 200, 200, 200, 200, 200)
SCAN = (401, 403, 201, 201, 201, 201)
MANAGE = (401, 403, 403, 200, 200, 403)
ADMINISTER = (401, 403, 403, 403, 200, 403)
HOOK = (401, 403, 200, 200, 200, 200)
SENT = (401, 403, 202, 202, 202, 202)
GRID = {
    "GET health": (200, 200, 200, 200, 200, 200),
    "GET openapi.json": LOOK,
    "GET docs": LOOK,
    "GET dashboard/ultra": LOOK,
    "POST batch/stats": LOOK,
    "POST cache/clear": ADMINISTER,
    "POST pool/reset": ADMINISTER,
    "GET users/me": LOOK,
    "GET users/me/stats": LOOK,
    "GET tokens": LOOK,
    "POST tokens": (401, 201, 201, 201, 201, 201),
    "GET tokens/<int:token>": LOOK,
    "POST tokens/<int:token>/rotate": (401, 201, 201, 201, 201, 201),
    "POST tokens/<int:token>/revoke": LOOK,
    "GET webhooks": HOOK,
    "POST webhooks": (401, 403, 201, 201, 201, 201),
    "GET webhooks/<int:webhook>": HOOK,
    "PATCH webhooks/<int:webhook>": HOOK,
    "DELETE webhooks/<int:webhook>": HOOK,
    "POST webhooks/<int:webhook>/rotate": (401, 403, 201, 201, 201, 201),
    "POST webhooks/<int:webhook>/test": SENT,
    "GET webhooks/<int:webhook>/deliveries": HOOK,
    "POST webhooks/<int:webhook>/deliveries/<int:delivery>/replay": SENT,
    "POST graphql": LOOK,
    "GET areas": LOOK,
    "GET bag-types": LOOK,
    "GET bags": LOOK,
    "GET bags/stream": LOOK,
    "GET bags/<path:code>": LOOK,
    "GET bags/<path:code>/timeline": LOOK,
    "GET bags/<path:code>/trace": LOOK,
    "GET batches/<path:code>/recall": LOOK,
    "GET bags/<path:code>/children": LOOK,
    "GET batches": LOOK,
    "GET batches/<path:code>": LOOK,
    "POST batches": (401, 403, 403, 201, 201, 403),
    "PATCH batches/<path:code>": MANAGE,
    "POST batches/<path:code>/hold": MANAGE,
    "POST batches/<path:code>/release": MANAGE,
    "POST batches/<path:code>/close": MANAGE,
    "POST areas": (401, 403, 403, 403, 201, 403),
    "GET areas/<slug:code>": LOOK,
    "PATCH areas/<slug:code>": ADMINISTER,
    "POST bag-types": (401, 403, 403, 403, 201, 403),
    "GET bag-types/<slug:name>": LOOK,
    "PATCH bag-types/<slug:name>": ADMINISTER,
    "GET search": LOOK,
    "GET scans/stream": LOOK,
    "GET scans": LOOK,
    "POST scans/bulk": (401, 403, 200, 200, 200, 200),
    "POST scans": SCAN,
    "POST scans/<int:scan>/undo": SCAN,
}
OPEN = {"GET health"}


def able(name):
    """Who may make this call: an operator, whom his areas bound, wherever he may."""
    allowed = dict(zip(ROLES, GRID[name], strict=True))
    return next(r for r in ("operator", "office", "administrator") if allowed[r] < 300)


def api_views():
    """Route and view class of every address under api/v3/."""
    found = {}
    for resolver in get_resolver().url_patterns:
        if str(resolver.pattern) == "api/v3/":
            for pattern in resolver.url_patterns:
                assert isinstance(pattern, URLPattern)
                found[str(pattern.pattern)] = pattern.callback.cls
    return found


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

    def test_is_open_to_nobody_unless_listed_here(self):
        is_open = {
            f"{method} {route}"
            for route, view in api_views().items()
            for method, permission in view.permissions.items()
            if permission is None
        }

        assert is_open == OPEN

    def test_is_called_by_these_tests(self):
        routes = {
            f"{method} {route}"
            for route, view in api_views().items()
            for method in view.permissions
        }

        assert routes == set(CALLS) == set(GRID)


class TestAnyRole:
    @pytest.mark.parametrize("name", CALLS)
    def test_gets_the_status_of_the_grid(self, site, name):
        method = name.split()[0]

        answers = {}
        for role in ROLES:
            answer = CALLS[name](site, role).by(site.client(role), method)
            # A stream that nobody reads keeps its place.
            b"".join(answer)
            answers[role] = answer.status_code

        assert answers == dict(zip(ROLES, GRID[name], strict=True))

    @pytest.mark.parametrize("name", [name for name in CALLS if name not in OPEN])
    def test_gets_nothing_when_it_sends_a_bad_token(self, site, name):
        client = Client(headers={"Authorization": "Bearer tt_wrong"})

        answer = CALLS[name](site, "anonymous").by(client, name.split()[0])

        assert answer.status_code == 401
        assert answer.json()["code"] == "not-signed-in"

    def test_loses_its_rights_with_the_next_request(self, site):
        client, asha = site.client("operator"), site.people["operator"]
        assert post(client, "scans", scan_body("inspect", HERE)).status_code == 201

        asha.role = "viewer"
        asha.save()

        assert post(client, "scans", scan_body("inspect", HERE)).status_code == 403

    def test_is_nobody_once_it_is_switched_off(self, site):
        client, asha = site.client("operator"), site.people["operator"]
        asha.is_active = False
        asha.save()

        assert client.get("/api/v3/scans").status_code == 401

    def test_learns_which_permission_it_lacks(self, site):
        answer = post(site.client("office"), "cache/clear", {"pattern": "dashboard:*"})

        assert answer.json()["facts"] == {"permission": "accounts.clear_cache"}

    def test_has_no_rights_about_single_objects(self, site):
        assert RoleBackend().get_all_permissions(site.people["office"], obj=object()) == set()


class TestASession:
    def test_needs_proof_that_the_request_comes_from_our_page(self, site):
        client = site.client("operator", enforce_csrf_checks=True)

        answer = post(client, "scans", scan_body("inspect", HERE))

        assert answer.status_code == 403
        assert answer.json()["code"] == "csrf-failed"

    def test_is_believed_with_it(self, site):
        client = site.client("operator", enforce_csrf_checks=True)
        client.cookies["csrftoken"] = "a" * 32
        headers = {"X-CSRFToken": "a" * 32}

        answer = post(client, "scans", scan_body("inspect", HERE), headers=headers)

        assert answer.status_code == 201

    def test_needs_none_to_look(self, site):
        client = site.client("operator", enforce_csrf_checks=True)

        assert client.get("/api/v3/scans").status_code == 200


class TestAToken:
    def test_needs_no_proof(self, site):
        client = site.client("integrator", enforce_csrf_checks=True)

        assert post(client, "scans", scan_body("inspect", HERE)).status_code == 201

    def test_goes_before_the_session(self, site):
        client = site.client("integrator")
        client.force_login(site.people["viewer"])

        answer = post(client, "scans", scan_body("inspect", HERE))

        assert answer.json()["scan"]["username"] == "ines"
