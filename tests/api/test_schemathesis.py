"""Everything that the description allows, and what it forbids, sent by everybody.

A few requests for each endpoint and role; FUZZ_EXAMPLES=200 sends many.
"""

import os

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
from tests.api_fixtures import ROLES, commit
from tests.openapi_document import DOCUMENT, NAMES, operation
from tracetrack.openapi.schema import TABLE

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "3"))
SCHEMA = schemathesis.openapi.from_dict(DOCUMENT)
DJANGO = get_wsgi_application()
# What the description says of every field, so that nothing that it allows may be refused for it.
SHAPELESS = {"is not a field of this request", "This field is required"}
MODES = {"allowed": GenerationMode.POSITIVE, "forbidden": GenerationMode.NEGATIVE}
# The same requests in whatever order the tests run, and nothing kept between runs.
HOW = settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def whole(environ, start_response):
    """The site, whose answers are read to their end: a stream gives its place back."""
    answer = DJANGO(environ, start_response)
    try:
        return [b"".join(answer)]
    finally:
        answer.close()


SCHEMA.app = whole


@pytest.fixture(autouse=True)
def one_transaction():
    """A request ends neither the test's transaction nor its connection."""
    for signal in (signals.request_started, signals.request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (signals.request_started, signals.request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def keys(site, settings):
    """What each role sends to be let in. Nobody is refused for asking often."""
    settings.RATE_LIMITS = {}
    people = site.people.items()
    keys = {role: {"Authorization": f"Bearer {issue_token(who, 'test')}"} for role, who in people}
    commit()
    return keys | {"anonymous": {}}


def send_all(name, mode, headers):
    wanted = operation(name)["operationId"]
    found = SCHEMA.find_operation_by_id(wanted)

    @HOW
    @given(case=found.as_strategy(generation_mode=mode))
    def send(case):
        response = case.call(headers=headers)
        commit()
        # What rules refuse that no shape can tell is looked at below.
        case.validate_response(
            response, headers=headers, excluded_checks=[positive_data_acceptance]
        )
        if mode is GenerationMode.POSITIVE:
            assert is_taken_seriously(name, response), case.as_curl_command()

    try:
        send()
    except Unsatisfiable:
        # Where nothing can be sent, nothing forbidden can.
        assert not {"parameters", "requestBody"} & set(operation(name))


def is_taken_seriously(name, response):
    """Whether what the description allows was answered, or refused for what it says only."""
    if response.status_code != 400:
        return response.status_code < 400 or response.status_code in (401, 403, 404, 409, 412, 422)
    document = response.json()
    if document["code"] == "bad-field":
        return document["facts"]["reason"] not in SHAPELESS
    return document["code"] in {kind.code for kind in TABLE[name].refusals}


@pytest.mark.parametrize("name", NAMES)
class TestAnything:
    @pytest.mark.parametrize("mode", MODES)
    def test_that_is_allowed_or_forbidden_is_answered_as_described(self, keys, name, mode):
        for role in ROLES:
            send_all(name, MODES[mode], keys[role])
