"""ApiView uses the hooks and settings of DRF."""

import json

import pytest
from django.contrib.auth.models import AnonymousUser
from django.http import HttpResponse
from rest_framework.authentication import BaseAuthentication
from rest_framework.permissions import BasePermission
from rest_framework.settings import api_settings
from rest_framework.throttling import BaseThrottle

from accounts.roles import Role
from tests.factories import make_user
from tests.problem_assertions import assert_problem
from tracetrack.api.view import ApiView, json_response
from tracetrack.db.export import CsvRenderer

CHECKS: list[str] = []


class Authentication(BaseAuthentication):
    def authenticate(self, request):
        CHECKS.append("authentication")
        user = request._request.test_user
        return (user, None) if user.is_authenticated else None


class AllowThrottle(BaseThrottle):
    def allow_request(self, request, view):
        CHECKS.append("throttle")
        return True


class DenyThrottle(BaseThrottle):
    def allow_request(self, request, view):
        return False

    def wait(self):
        return 7


class AllowPermission(BasePermission):
    def has_permission(self, request, view):
        CHECKS.append("permission")
        return True


class DenyPermission(BasePermission):
    def has_permission(self, request, view):
        return False


class UserView(ApiView):
    permissions = {"GET": "bags.view_bag"}
    authentication_classes = [Authentication]

    def get(self, request):
        return json_response({"user": self.actor.username})


@pytest.fixture
def call(rf, db):
    """Return the response of a view with these attributes to a GET of a viewer."""
    user = make_user("vera", role=Role.VIEWER)
    CHECKS.clear()

    def call(
        path="/api/v3/x", view=UserView, user=user, method="get", headers=None, **attributes
    ) -> HttpResponse:
        request = getattr(rf, method)(path, headers=headers)
        request.test_user = user
        response = type("TestedView", (view,), attributes).as_view()(request)
        response.json = lambda: json.loads(response.content)
        response["X-Request-ID"] = ""
        return response

    return call


class TestViewAttributes:
    def test_authentication_classes_set_the_user(self, call):
        response = call()

        assert (response.status_code, response.content) == (200, b'{"user":"vera"}')

    def test_permission_classes_replace_the_permission_table(self, call):
        refused = call(permission_classes=[DenyPermission])
        allowed = call(permission_classes=[AllowPermission], permissions={"GET": "bags.add_area"})

        assert_problem(refused, 403, "forbidden")
        assert allowed.status_code == 200

    def test_permission_classes_refuse_anonymous_users_with_401(self, call):
        response = call(permission_classes=[DenyPermission], user=AnonymousUser())

        assert_problem(response, 401, "not-signed-in")

    def test_throttle_classes_replace_the_rate_limits(self, call, settings):
        settings.RATE_LIMITS = {"read": (0, 60)}

        assert_problem(call(), 429, "too-many-requests")
        assert call(throttle_classes=[AllowThrottle]).status_code == 200
        assert call(throttle_classes=[]).status_code == 200

    def test_throttle_classes_tell_how_long_to_wait(self, call):
        response = call(throttle_classes=[DenyThrottle])

        assert_problem(response, 429, "too-many-requests")
        assert response["Retry-After"] == "7"

    def test_renderer_classes_decide_what_is_acceptable(self, call):
        response = call(renderer_classes=[CsvRenderer], headers={"Accept": "application/json"})

        assert_problem(response, 406, "not-acceptable")

    def test_override_of_check_permissions_is_called(self, call):
        def check_permissions(self, request):
            self.permission_denied(request)

        assert_problem(call(check_permissions=check_permissions), 403, "forbidden")


class TestChecks:
    def test_run_in_the_order_authentication_throttle_permission(self, call):
        call(throttle_classes=[AllowThrottle], permission_classes=[AllowPermission])

        assert CHECKS == ["authentication", "throttle", "permission"]

    def test_begin_with_the_method(self, call):
        response = call(method="post", permission_classes=[DenyPermission])

        assert_problem(response, 405, "method-not-allowed")
        assert CHECKS == []

    def test_do_not_authenticate_methods_that_are_open_to_anyone(
        self, call, django_assert_num_queries
    ):
        def get(self, request):
            return json_response({})

        with django_assert_num_queries(0):
            response = call(permissions={"GET": None}, get=get)

        assert response.status_code == 200
        assert CHECKS == []


class TestDefaults:
    @pytest.mark.parametrize(
        ("attribute", "setting"),
        [
            ("authentication_classes", "DEFAULT_AUTHENTICATION_CLASSES"),
            ("permission_classes", "DEFAULT_PERMISSION_CLASSES"),
            ("throttle_classes", "DEFAULT_THROTTLE_CLASSES"),
            ("parser_classes", "DEFAULT_PARSER_CLASSES"),
            ("renderer_classes", "DEFAULT_RENDERER_CLASSES"),
            ("content_negotiation_class", "DEFAULT_CONTENT_NEGOTIATION_CLASS"),
            ("schema", "DEFAULT_SCHEMA_CLASS"),
        ],
    )
    def test_are_those_of_the_rest_framework_settings(self, attribute, setting):
        assert attribute not in vars(ApiView)
        if attribute != "schema":
            assert getattr(ApiView, attribute) == getattr(api_settings, setting)
