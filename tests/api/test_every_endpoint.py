"""What no endpoint may do, tried on every one that there is, today's and tomorrow's."""

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
    commit,
    comparable_problem,
)
from tests.hostile_bodies import HOSTILE_BODIES, assert_refused
from tests.openapi_document import DOCUMENT, operation
from tracetrack.api.headers_middleware import CSP_HEADERS

# A DELETE has no body, and nobody reads one.
SENDING = sorted(name for name in CALLS if name.startswith(("POST", "PUT", "PATCH")))
CHANGING = sorted(name for name in CALLS if not name.startswith("GET"))
# An array of them is what these take; each item answers for itself.
MANY = {"POST scans/bulk"}
ASKING = sorted(name for name in CALLS if name.startswith("GET"))
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


def shape_of_body(name):
    """The shape of a body as it is described; of none, an object without fields."""
    body = operation(name).get("requestBody")
    if body is None:
        return {"properties": {}, "additionalProperties": False}
    shape = body["content"]["application/json"]["schema"]
    named = shape.get("$ref", "").rsplit("/", 1)[-1]
    return DOCUMENT["components"]["schemas"][named] if named else shape


class TestEveryEndpointThatChangesSomething:
    @pytest.mark.parametrize("name", [name for name in SENDING if name not in MANY])
    def test_refuses_hostile_bodies(self, site, name):
        client = site.client("administrator")
        path = CALLS[name](site, "administrator").path

        for what, body in HOSTILE_BODIES.items():
            if what == "nothing" and not shape_of_body(name).get("required"):
                # The same as an object without fields.
                continue
            answer = send(client, name, path, body)
            commit()
            assert_refused(answer, what)

    @pytest.mark.parametrize("name", [name for name in SENDING if name not in MANY])
    def test_takes_no_column_that_it_does_not_offer(self, site, name):
        shape = shape_of_body(name)
        assert shape["additionalProperties"] is False
        call = CALLS[name](site, "administrator")
        client = site.client("administrator")

        for column in sorted(COLUMNS - set(shape["properties"])):
            answer = send(client, name, call.path, json.dumps((call.body or {}) | {column: 1}))
            commit()
            assert_refused(answer, column)
            assert answer.json()["code"] in ("bad-field", "bad-row"), column

    @pytest.mark.parametrize("name", SENDING)
    def test_unpacks_nothing(self, site, name):
        call = CALLS[name](site, "administrator")
        bomb = gzip.compress(b" " * 10_000_000)

        for coding in ("gzip", "br", "deflate", "GZIP", "identity, gzip"):
            answer = send(
                site.client("administrator"), name, call.path, bomb, **{"Content-Encoding": coding}
            )
            assert_refused(answer, coding)
            assert answer.status_code == 415

    @pytest.mark.parametrize("name", CHANGING)
    def test_is_not_reached_by_another_method(self, site, name):
        call = CALLS[name](site, "administrator")
        client = site.client("administrator")
        method, route = name.split()
        # Where a code takes what is left of an address, it may be the name of none.
        expected = (200,) if f"GET {route}" in CALLS else (404, 405)

        for header in ("X-HTTP-Method-Override", "X-Method-Override", "X-HTTP-Method"):
            answer = client.get(f"/api/v3/{call.path}", headers={header: method})
            assert answer.status_code in expected, header


class TestEveryEndpoint:
    @pytest.mark.parametrize("name", ASKING)
    def test_refuses_a_parameter_that_comes_twice(self, site, name):
        path = CALLS[name](site, "administrator").path.partition("?")[0]
        client = site.client("administrator")

        for parameter in operation(name).get("parameters", ()):
            if parameter["in"] == "query":
                twice = f"{parameter['name']}=1&{parameter['name']}=1"
                assert_refused(client.get(f"/api/v3/{path}?{twice}"), parameter["name"])

    @pytest.mark.parametrize("first", ["office", "operator"])
    @pytest.mark.parametrize("role", ["operator", "viewer"])
    def test_shows_nothing_of_a_foreign_area_whoever_asked_before(self, site, role, first):
        clients = {name: site.client(name) for name in ("office", "operator", "viewer")}

        for name in ASKING:
            # A stream that nobody reads keeps its place.
            b"".join(CALLS[name](site, first).by(clients[first], "GET"))
            for _ in range(2):
                answer = CALLS[name](site, role).by(clients[role], "GET")
                seen = b"".join(answer).decode()
                assert not any(code in seen for code in FOREIGN_CODES), name

    @pytest.mark.parametrize("role", ["administrator", "anonymous"])
    def test_lets_a_browser_do_nothing_with_an_answer_that_is_no_page(self, site, role):
        client, lax = site.client(role), set()

        for name in CALLS:
            answer = CALLS[name](site, role).by(client, name.split()[0])
            b"".join(answer)
            strict = answer["Content-Security-Policy"] == CSP_HEADERS["Content-Security-Policy"]
            lax |= set() if strict else {(name, answer["Content-Type"])}
            assert answer["X-Frame-Options"] == "DENY", name

        assert lax == (set() if role == "anonymous" else {("GET docs", "text/html; charset=utf-8")})

    @pytest.mark.parametrize("role", ["operator", "viewer"])
    def test_answers_about_a_foreign_bag_as_about_none(self, site, role):
        client = site.client(role)

        for name in (name for name in CALLS if " bags/<path:code>" in name):
            call = CALLS[name](site, role)
            answers = []
            for code in (THERE, UNKNOWN_CODE):
                path, body = call.path.replace(HERE, code), json.dumps(call.body)
                answers.append(comparable_problem(send(client, name, path, body), code))
            assert answers[0] == answers[1], name
            assert answers[0][0] in (403, 404), name
