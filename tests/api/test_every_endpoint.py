"""Rules for all endpoints, including future ones."""

import gzip
import json

import pytest
from django.apps import apps

from tests.api_fixtures import (
    CALLS,
    FOREIGN_CODES,
    HERE,
    THERE,
    UNKNOWN_CODE,
    comparable_problem,
    run_commit_hooks,
)
from tests.hostile_bodies import HOSTILE_BODIES, assert_refused
from tests.openapi_document import DOCUMENT, operation
from tracetrack.api.headers_middleware import CSP_HEADERS

# A DELETE has no body.
WITH_BODY = sorted(name for name in CALLS if name.startswith(("POST", "PUT", "PATCH")))
WRITING = sorted(name for name in CALLS if not name.startswith("GET"))
# An array of them is what these take; each item answers for itself.
ARRAY_BODIES = {"POST scans/bulk"}
READING = sorted(name for name in CALLS if name.startswith("GET"))
COLUMNS = {
    field.attname
    for app in ("tracetrack", "bags", "scans", "dashboard")
    for model in apps.get_app_config(app).get_models()
    for field in model._meta.concrete_fields
}


def send(client, name, path, body, **headers):
    return client.generic(
        name.split()[0], f"/api/v3/{path}", body, "application/json", headers=headers or None
    )


def request_schema(name):
    """Return the schema of the request body; an object without fields if there is none."""
    body = operation(name).get("requestBody")
    if body is None:
        return {"properties": {}, "additionalProperties": False}
    shape = body["content"]["application/json"]["schema"]
    named = shape.get("$ref", "").rsplit("/", 1)[-1]
    return DOCUMENT["components"]["schemas"][named] if named else shape


class TestWritingEndpoint:
    @pytest.mark.parametrize("name", [name for name in WITH_BODY if name not in ARRAY_BODIES])
    def test_refuses_hostile_bodies(self, site, name):
        client = site.client("administrator")
        path = CALLS[name](site, "administrator").path

        for what, body in HOSTILE_BODIES.items():
            if what == "nothing" and not request_schema(name).get("required"):
                # The same as an object without fields.
                continue
            answer = send(client, name, path, body)
            run_commit_hooks()
            assert_refused(answer, what)

    @pytest.mark.parametrize("name", [name for name in WITH_BODY if name not in ARRAY_BODIES])
    def test_rejects_columns_that_it_does_not_offer(self, site, name):
        shape = request_schema(name)
        assert shape["additionalProperties"] is False
        call = CALLS[name](site, "administrator")
        client = site.client("administrator")

        for column in sorted(COLUMNS - set(shape["properties"])):
            answer = send(client, name, call.path, json.dumps((call.body or {}) | {column: 1}))
            run_commit_hooks()
            assert_refused(answer, column)
            assert answer.json()["code"] in ("bad-field", "bad-row"), column

    @pytest.mark.parametrize("name", WITH_BODY)
    def test_rejects_content_encodings(self, site, name):
        call = CALLS[name](site, "administrator")
        bomb = gzip.compress(b" " * 10_000_000)

        for coding in ("gzip", "br", "deflate", "GZIP", "identity, gzip"):
            answer = send(
                site.client("administrator"), name, call.path, bomb, **{"Content-Encoding": coding}
            )
            assert_refused(answer, coding)
            assert answer.status_code == 415

    @pytest.mark.parametrize("name", WRITING)
    def test_ignores_method_override_headers(self, site, name):
        call = CALLS[name](site, "administrator")
        client = site.client("administrator")
        method, route = name.split()
        # Where a code takes what is left of an address, it may be the name of none.
        expected = (200,) if f"GET {route}" in CALLS else (404, 405)

        for header in ("X-HTTP-Method-Override", "X-Method-Override", "X-HTTP-Method"):
            answer = client.get(f"/api/v3/{call.path}", headers={header: method})
            assert answer.status_code in expected, header


class TestEndpoint:
    @pytest.mark.parametrize("name", READING)
    def test_rejects_repeated_parameters(self, site, name):
        path = CALLS[name](site, "administrator").path.partition("?")[0]
        client = site.client("administrator")

        for parameter in operation(name).get("parameters", ()):
            if parameter["in"] == "query":
                twice = f"{parameter['name']}=1&{parameter['name']}=1"
                assert_refused(client.get(f"/api/v3/{path}?{twice}"), parameter["name"])

    @pytest.mark.parametrize("first", ["office", "operator"])
    @pytest.mark.parametrize("role", ["operator", "viewer"])
    def test_shows_no_bag_outside_visible_areas_even_if_cached(self, site, role, first):
        clients = {name: site.client(name) for name in ("office", "operator", "viewer")}

        for name in READING:
            # An unread stream keeps its place.
            b"".join(CALLS[name](site, first).by(clients[first], "GET"))
            for _ in range(2):
                answer = CALLS[name](site, role).by(clients[role], "GET")
                text = b"".join(answer).decode()
                assert not any(code in text for code in FOREIGN_CODES), name

    @pytest.mark.parametrize("role", ["administrator", "anonymous"])
    def test_sends_a_strict_csp_unless_it_is_a_page(self, site, role):
        client, lax = site.client(role), set()

        for name in CALLS:
            answer = CALLS[name](site, role).by(client, name.split()[0])
            b"".join(answer)
            strict = answer["Content-Security-Policy"] == CSP_HEADERS["Content-Security-Policy"]
            lax |= set() if strict else {(name, answer["Content-Type"])}
            assert answer["X-Frame-Options"] == "DENY", name

        assert lax == (set() if role == "anonymous" else {("GET docs", "text/html; charset=utf-8")})

    @pytest.mark.parametrize("role", ["operator", "viewer"])
    def test_treats_invisible_bags_like_unknown_ones(self, site, role):
        client = site.client(role)

        for name in (name for name in CALLS if " bags/<path:code>" in name):
            call = CALLS[name](site, role)
            answers = []
            for code in (THERE, UNKNOWN_CODE):
                path, body = call.path.replace(HERE, code), json.dumps(call.body)
                answers.append(comparable_problem(send(client, name, path, body), code))
            assert answers[0] == answers[1], name
            assert answers[0][0] in (403, 404), name
