"""The OpenAPI document describes every endpoint, as it is, with examples that work."""

import json
import re
from io import StringIO
from urllib.parse import quote, urlencode

import pytest
from django.core.management import call_command
from django.test import Client

from tests.api_fixtures import CALLS, run_commit_hooks
from tests.endpoints import api_views
from tests.openapi_document import (
    DOCUMENT,
    JSON,
    NAMES,
    example_of,
    operation,
    raised_problems,
    response_schema,
    successes,
    validation_errors,
)
from tests.problem_assertions import assert_problem
from tracetrack.api.scopes import scope_of_permission
from tracetrack.openapi.document import openapi_json

WITHOUT_JSON = {"GET scans/stream", "GET batches/<path:code>/recall", "GET docs"}


def example_path(name):
    """Return the URL of an endpoint, with the examples of its parameters."""
    _, route = name.split()
    parameters = [one for one in operation(name).get("parameters", ()) if "example" in one]
    path = {one["name"]: str(one["example"]) for one in parameters if one["in"] == "path"}
    query = {one["name"]: one["example"] for one in parameters if one["in"] == "query"}
    url = re.sub(r"<(?:\w+:)?(\w+)>", lambda found: quote(path[found[1]], safe=""), route)
    return f"/api/v3/{url}" + (f"?{urlencode(query)}" if query else "")


def send(client, name, path, body):
    method = name.split()[0].lower()
    more = {} if body is None else {"data": json.dumps(body), "content_type": JSON}
    answer = getattr(client, method)(path, **more)
    run_commit_hooks()
    return answer


class TestEveryEndpoint:
    def test_is_described(self):
        missing = [
            name
            for name in NAMES
            if not operation(name).get("summary")
            or not any(response.get("content") for response in successes(name).values())
        ]

        assert missing == [], "Add extend_schema(summary=…, responses=…) to these view methods."

    def test_is_described_only_where_there_is_one(self):
        described = {(path, method) for path, item in DOCUMENT["paths"].items() for method in item}

        assert len(described) == len(NAMES)

    def test_names_its_permission_scope_and_rate_limit(self):
        for name in NAMES:
            method, route = name.split()
            view, described = api_views()[route], operation(name)
            permission = view.permissions[method]
            scope = scope_of_permission(permission).value if permission else None

            assert (described["x-permission"], described["x-scope"]) == (permission, scope), name
            assert described["x-allowance"] == view.rate_limit(method), name
            assert ({} in described["security"]) == (permission is None), name
            assert not scope or described["security"][0] == {"token": [scope]}, name

    def test_lists_the_errors_that_its_method_states(self):
        for name in NAMES:
            for problem in raised_problems(name):
                response = operation(name)["responses"][str(problem.status)]
                schema = response["content"]["application/problem+json"]["schema"]

                assert problem.code in schema["allOf"][1]["properties"]["code"]["enum"], name

    @pytest.mark.parametrize("name", [name for name in NAMES if name not in WITHOUT_JSON])
    def test_responds_as_described(self, site, name):
        answer = CALLS[name](site, "administrator").by(
            site.client("administrator"), name.split()[0]
        )

        assert validation_errors(response_schema(name, answer.status_code), answer.json()) == []

    @pytest.mark.parametrize("name", NAMES)
    def test_has_an_example_that_works(self, site, name):
        path = example_path(name)
        if "<int:" in name:
            path = f"/api/v3/{CALLS[name](site, 'administrator').path}"
        body = operation(name).get("requestBody")
        sent = example_of(body["content"]) if body else None
        if sent is None and name.split()[0] != "GET":
            sent = {}

        answer = send(site.client("administrator"), name, path, sent)

        b"".join(answer)
        assert str(answer.status_code) in successes(name), answer.content
        if name not in WITHOUT_JSON:
            schema = response_schema(name, answer.status_code)
            assert validation_errors(schema, answer.json()) == []

    @pytest.mark.parametrize("name", [name for name in NAMES if name not in WITHOUT_JSON])
    def test_has_examples_of_responses_that_fit(self, name):
        for status, response in successes(name).items():
            for example in response["content"][JSON].get("examples", {}).values():
                errors = validation_errors(response_schema(name, status), example["value"])

                assert errors == [], example


class TestTheDocument:
    def test_is_openapi_3_1_and_generated_without_a_warning(self):
        out = StringIO()

        call_command(
            "spectacular", "--format", "openapi-json", "--validate", "--fail-on-warn", stdout=out
        )

        assert DOCUMENT["openapi"].startswith("3.1.")
        assert json.loads(out.getvalue())["paths"] == DOCUMENT["paths"]

    def test_has_every_component_to_which_it_refers(self):
        text = openapi_json().decode()
        names = set(re.findall(r'"#/components/schemas/(\w+)"', text))

        assert names == set(DOCUMENT["components"]["schemas"])

    def test_gives_every_operation_an_id_of_its_own(self):
        names = [one["operationId"] for path in DOCUMENT["paths"].values() for one in path.values()]

        assert len(names) == len(set(names)) == len(NAMES)

    def test_is_served_to_every_user(self, site):
        answer = site.client("viewer").get("/api/v3/openapi.json")

        assert answer.json() == DOCUMENT
        assert answer["Content-Type"] == JSON

    def test_names_no_other_site(self):
        found = set(re.findall(r"https?://[^/\"\\ `]+", openapi_json().decode()))

        assert found <= {"https://erp.example"}


class TestThePage:
    def test_loads_nothing_from_elsewhere(self, site):
        page = site.client("viewer").get("/api/v3/docs")

        text = page.content.decode()
        assert 'data-openapi-url="/api/v3/openapi.json"' in text
        assert re.findall(r'(?:src|href)="(?:https?:)?//', text) == []
        assert "'unsafe" not in page["Content-Security-Policy"]

    def test_redirects_a_browser_to_the_log_in_and_refuses_other_clients(self):
        answer = Client().get("/api/v3/docs", headers={"Accept": "text/html,*/*;q=0.8"})

        assert (answer.status_code, answer["Location"]) == (302, "/login?next=/api/v3/docs")
        assert_problem(Client().get("/api/v3/docs"), 401, "not-signed-in")
