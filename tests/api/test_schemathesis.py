"""Schemathesis sends what the OpenAPI document allows, and what it forbids, as every role.

A few requests for each endpoint and role; FUZZ_EXAMPLES=200 sends many.
"""

import os
from copy import deepcopy

import pytest
import schemathesis
from django.core import signals
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance

from accounts.tokens import issue_token
from tests.api_fixtures import ROLES, run_commit_hooks
from tests.openapi_document import DOCUMENT, NAMES, operation, raised_problems

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "3"))
# A copy, because schemathesis adds links of its own.
SCHEMA = schemathesis.openapi.from_dict(deepcopy(DOCUMENT))
DJANGO = get_wsgi_application()
# The document tells these of every field, so that no request that it allows is refused for them.
SCHEMA_REASONS = {"is not a field of this request", "This field is required"}
# NUL and lone surrogates, which PostgreSQL cannot store and no schema excludes.
INVALID_CHARACTERS = "it contains invalid characters"
MODES = {"allowed": GenerationMode.POSITIVE, "forbidden": GenerationMode.NEGATIVE}
# The same requests in any order of the tests; no examples are stored between runs.
FUZZ_SETTINGS = settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def read_whole_response(environ, start_response):
    """Call the WSGI application and read its response to the end, so that streams are closed."""
    answer = DJANGO(environ, start_response)
    try:
        return [b"".join(answer)]
    finally:
        answer.close()


SCHEMA.app = read_whole_response


@pytest.fixture(autouse=True)
def one_transaction():
    """Keep the transaction and the connection of the test open after each request."""
    for signal in (signals.request_started, signals.request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (signals.request_started, signals.request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def keys(site, settings):
    """Return the headers with which each role authenticates. There are no rate limits."""
    settings.RATE_LIMITS = {}
    people = site.people.items()
    keys = {role: {"Authorization": f"Bearer {issue_token(who, 'test')}"} for role, who in people}
    run_commit_hooks()
    return keys | {"anonymous": {}}


def send_all(name, mode, headers):
    expected = operation(name)["operationId"]
    found = SCHEMA.find_operation_by_id(expected)

    @FUZZ_SETTINGS
    @given(case=found.as_strategy(generation_mode=mode))
    def send(case):
        response = case.call(headers=headers)
        run_commit_hooks()
        # Rules that no schema can express are checked below.
        case.validate_response(
            response, headers=headers, excluded_checks=[positive_data_acceptance]
        )
        if mode is GenerationMode.POSITIVE:
            assert is_accepted_or_ruled_out(name, response), case.as_curl_command()

    try:
        send()
    except Unsatisfiable:
        # An operation without parameters and body has no forbidden request.
        assert not {"parameters", "requestBody"} & set(operation(name))


def is_accepted_or_ruled_out(name, response):
    """Return whether a request that the document allows succeeded or broke a documented rule."""
    if response.status_code != 400:
        return response.status_code < 400 or response.status_code in (401, 403, 404, 409, 412, 422)
    document = response.json()
    if document["code"] == "bad-field":
        return document["facts"]["reason"] not in SCHEMA_REASONS
    if document["facts"].get("reason") == INVALID_CHARACTERS:
        return True
    return document["code"] in {problem.code for problem in raised_problems(name)}


@pytest.mark.parametrize("name", NAMES)
class TestEveryEndpoint:
    @pytest.mark.parametrize("mode", MODES)
    def test_responds_as_described(self, keys, name, mode):
        for role in ROLES:
            send_all(name, MODES[mode], keys[role])
