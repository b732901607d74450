"""The description of the API says what the API does: all of it, and with examples that work."""

import json
import re
from io import StringIO

import pytest
from django.core.management import call_command
from django.test import Client

from accounts.roles import scope_of_permission
from tests.api_fixtures import CALLS, commit
from tests.endpoints import api_views
from tests.openapi_document import DOCUMENT, NAMES, operation, validation_errors
from tests.problem_assertions import assert_problem
from tracetrack.openapi.document import document
from tracetrack.openapi.schema import TABLE
from tracetrack.openapi.snippets import address

STREAMS = {"GET scans/stream", "GET batches/<path:code>/recall", "GET docs"}


def shape_of(name, status):
    content = operation(name)["responses"][str(status)]["content"]
    return content["application/json"]["schema"]


def send(client, name, path, body):
    method = name.split()[0].lower()
    more = {} if body is None else {"data": json.dumps(body), "content_type": "application/json"}
    answer = getattr(client, method)(path, **more)
    commit()
    return answer


class TestEveryEndpoint:
    @pytest.mark.parametrize("name", NAMES)
    def test_is_described(self, name):
        assert name in TABLE, (
            f"{name} is not described: give it a line in TABLE of its app's described.py, with "
            "what it answers, an example, and what it may refuse."
        )

    def test_is_described_only_where_there_is_one(self):
        assert sorted(set(TABLE) - set(NAMES)) == []

    @pytest.mark.parametrize("name", NAMES)
    def test_names_its_permission_scope_and_allowance(self, name):
        method, route = name.split()
        view = api_views()[route]
        told = operation(name)

        permission = view.permissions[method]
        scope = scope_of_permission(permission).value if permission else None
        assert (told["x-permission"], told["x-scope"]) == (permission, scope)
        assert told["x-allowance"] == view.rate_limit(method)
        assert ({} in told["security"]) == (permission is None)
        if scope:
            assert told["security"][0] == {"token": [scope]}

    @pytest.mark.parametrize("name", NAMES)
    def test_has_a_call_in_three_languages(self, name):
        labels = [sample["label"] for sample in operation(name)["x-codeSamples"]]

        assert labels == ["curl", "Python", "JavaScript"]

    @pytest.mark.parametrize("name", NAMES)
    def test_answers_in_the_shape_that_is_described(self, site, name):
        if name in STREAMS:
            return
        answer = CALLS[name](site, "administrator").by(
            site.client("administrator"), name.split()[0]
        )

        assert validation_errors(shape_of(name, answer.status_code), answer.json()) == []

    @pytest.mark.parametrize("name", NAMES)
    def test_has_an_example_that_works(self, site, name):
        told = TABLE[name]
        _, route = name.split()
        path = address(route, told.asked)
        if "<int:" in route:
            path = f"/api/v3/{CALLS[name](site, 'administrator').path}"

        answer = send(site.client("administrator"), name, path, told.sent)

        b"".join(answer)
        assert answer.status_code in told.statuses, answer.content
        if name not in STREAMS:
            shape = shape_of(name, answer.status_code)
            assert validation_errors(shape, answer.json()) == []
            assert validation_errors(shape, told.example) == []


class TestTheDescription:
    def test_is_openapi_3_1_and_made_without_a_warning(self):
        out = StringIO()

        call_command(
            "spectacular", "--format", "openapi-json", "--validate", "--fail-on-warn", stdout=out
        )

        assert DOCUMENT["openapi"].startswith("3.1.")
        assert json.loads(out.getvalue())["paths"] == DOCUMENT["paths"]

    def test_gives_every_operation_a_name_of_its_own(self):
        names = [one["operationId"] for path in DOCUMENT["paths"].values() for one in path.values()]

        assert len(names) == len(set(names)) == len(NAMES)

    def test_is_served_to_whoever_may_look(self, site):
        answer = site.client("viewer").get("/api/v3/openapi.json")

        assert answer.json() == DOCUMENT
        assert answer["Content-Type"] == "application/json"

    def test_speaks_of_no_other_site(self):
        found = set(re.findall(r"https?://[^/\"\\ `]+", document().decode()))

        assert found <= {"http://localhost:8000", "https://erp.example"}


class TestThePage:
    def test_loads_nothing_from_elsewhere(self, site):
        page = site.client("viewer").get("/api/v3/docs")

        text = page.content.decode()
        assert 'data-openapi-url="/api/v3/openapi.json"' in text
        assert re.findall(r'(?:src|href)="(?:https?:)?//', text) == []
        assert "'unsafe" not in page["Content-Security-Policy"]

    def test_leads_a_person_to_the_log_in_and_refuses_a_program(self):
        answer = Client().get("/api/v3/docs", headers={"Accept": "text/html,*/*;q=0.8"})

        assert (answer.status_code, answer["Location"]) == (302, "/login?next=/api/v3/docs")
        assert_problem(Client().get("/api/v3/docs"), 401, "not-signed-in")
