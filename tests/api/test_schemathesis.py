"""Schemathesis sends what the OpenAPI document allows, and what it forbids, as every role.

A few requests for each endpoint and role; FUZZ_EXAMPLES=200 sends many.
"""

import pytest
from hypothesis import given
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance

from tests.api_fixtures import ROLES, run_commit_hooks
from tests.openapi_document import NAMES, operation, raised_problems
from tests.schemathesis_helpers import FUZZ_SETTINGS, SCHEMA

# The document describes these rules, so a request that it allows is never refused for them.
SCHEMA_REASONS = {"is not a field of this request", "This field is required"}
# NUL and lone surrogates, which PostgreSQL cannot store and no schema excludes.
INVALID_CHARACTERS = "it contains invalid characters"
MODES = {"allowed": GenerationMode.POSITIVE, "forbidden": GenerationMode.NEGATIVE}


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
@pytest.mark.usefixtures("one_transaction")
class TestEveryEndpoint:
    @pytest.mark.parametrize("mode", MODES)
    def test_responds_as_described(self, role_headers, name, mode):
        for role in ROLES:
            send_all(name, MODES[mode], role_headers[role])
