"""Every error of the API is application/problem+json."""

import pytest
from django.test import Client
from rest_framework import exceptions as rest

from tests.api_fixtures import post
from tests.problem_assertions import assert_problem
from tracetrack.errors.http import as_problem


def send(client, body, content_type="application/json", **headers):
    return client.generic("POST", "/api/v3/scans", body, content_type, headers=headers or None)


class TestError:
    def test_unreadable_request(self, operator):
        document = assert_problem(send(operator, "{"), 400, "bad-request")

        assert document["facts"]["reason"].startswith("it is not JSON")
        assert document["instance"] == "/api/v3/scans"

    def test_anonymous_request_gets_a_challenge(self):
        answer = Client().get("/api/v3/scans")

        assert_problem(answer, 401, "not-signed-in")
        assert answer["WWW-Authenticate"] == 'Bearer realm="tracetrack"'

    def test_missing_permission(self, operator):
        answer = post(operator, "cache/clear", {"pattern": "bags:*"})

        assert_problem(answer, 403, "forbidden")

    def test_unknown_bag_or_url(self, operator):
        assert_problem(operator.get("/api/v3/bags/SB99999"), 404, "bag-unknown")
        assert_problem(operator.get("/api/v3/nothing"), 404, "not-found")
        assert_problem(operator.get("/api/"), 404, "not-found")

    @pytest.mark.parametrize("method", ["put", "patch", "delete", "options", "trace", "post"])
    def test_method_not_allowed_names_the_allowed_ones(self, operator, method):
        answer = getattr(operator, method)("/api/v3/bags/stream")

        document = assert_problem(answer, 405, "method-not-allowed")
        assert answer["Allow"] == "GET"
        assert document["facts"] == {"method": method.upper(), "allowed": ["GET"]}

    @pytest.mark.parametrize("accept", ["text/html", "application/xml", "image/*"])
    def test_not_acceptable(self, operator, accept):
        answer = operator.get("/api/v3/bags/stream", headers={"Accept": accept})

        assert_problem(answer, 406, "not-acceptable")

    def test_large_body(self, operator, settings):
        answer = send(operator, b'"' + b"x" * settings.DATA_UPLOAD_MAX_MEMORY_SIZE + b'"')

        document = assert_problem(answer, 413, "too-large")
        assert document["facts"] == {"limit": settings.DATA_UPLOAD_MAX_MEMORY_SIZE}

    def test_body_of_unknown_length(self, operator):
        request = {"CONTENT_LENGTH": "", "HTTP_TRANSFER_ENCODING": "chunked"}

        answer = operator.post("/api/v3/scans", {}, "application/json", **request)

        assert_problem(answer, 411, "length-required")

    @pytest.mark.parametrize(
        ("content_type", "headers"),
        [
            ("text/plain", {}),
            ("application/xml", {}),
            ("application/x-www-form-urlencoded", {}),
            ("multipart/form-data; boundary=x", {}),
            ("application/json; charset=utf-16", {}),
            ("application/json; charset=nonsense", {}),
            ("nonsense", {}),
            ("", {}),
            ("application/json", {"Content-Encoding": "gzip"}),
        ],
    )
    def test_unsupported_media_type(self, operator, content_type, headers):
        answer = send(operator, b"{}", content_type, **headers)

        assert_problem(answer, 415, "unsupported-media-type")

    def test_unknown_parameter_lists_the_known_ones(self, operator):
        document = assert_problem(
            operator.get("/api/v3/scans?limit=1&limti=2"), 400, "unknown-parameter"
        )

        assert document["facts"] == {
            "parameter": "limti",
            "known": ["step", "area", "username", "per_page", "cursor", "limit", "order", "fields"],
        }

    def test_parameter_of_a_post(self, operator):
        answer = post(operator, "scans?limit=3", {})

        assert_problem(answer, 400, "unknown-parameter")

    def test_repeated_parameter(self, operator):
        document = assert_problem(operator.get("/api/v3/scans?limit=1&limit=2"), 400, "bad-field")

        assert document["facts"] == {"field": "limit", "reason": "is given more than once"}

    def test_is_not_cached(self, operator):
        assert operator.get("/api/v3/bags/SB99999")["Cache-Control"] == "no-store"


class TestPlainHttp:
    def test_is_rejected_for_clients_and_redirected_for_browsers(self, operator, settings):
        settings.SECURE_SSL_REDIRECT = True

        assert_problem(operator.get("/api/v3/areas"), 403, "https-required")
        page = operator.get("/bags")
        assert (page.status_code, page["Location"]) == (301, "https://testserver/bags")
        assert operator.get("/api/v3/areas", secure=True).status_code == 200


class TestException:
    @pytest.mark.parametrize(
        ("error", "status"),
        [
            (rest.ParseError(), 400),
            (rest.NotAuthenticated(), 401),
            (rest.AuthenticationFailed(), 401),
            (rest.PermissionDenied(), 403),
            (rest.NotFound(), 404),
            (rest.MethodNotAllowed("PUT"), 405),
            (rest.NotAcceptable(), 406),
            (rest.UnsupportedMediaType("x/y"), 415),
            (rest.Throttled(wait=7), 429),
            (rest.ValidationError({"a": [{"b": ["Bad."]}]}), 400),
        ],
    )
    def test_framework_exceptions_are_problems(self, error, status):
        assert as_problem(error).status == status

    def test_serializer_errors_name_the_field(self):
        problem = as_problem(rest.ValidationError({"a": [{}, {"b": ["Is bad."]}]}))

        assert problem.facts == {"field": "a.b", "reason": "Is bad"}

    def test_other_exceptions_are_no_problems(self):
        assert as_problem(KeyError()) is None
