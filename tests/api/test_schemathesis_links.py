"""Schemathesis follows the links of the OpenAPI document from response to response, as every role.

A few walks for each role; FUZZ_EXAMPLES=200 makes many.
"""

from collections import Counter
from typing import Any

import pytest
from django.db import transaction
from hypothesis import settings
from schemathesis.specs.openapi.checks import positive_data_acceptance

from tests.api_fixtures import ROLES, run_commit_hooks
from tests.openapi_document import DOCUMENT, NAMES, example_of, operation, successes
from tests.schemathesis_helpers import EXAMPLES, FUZZ_SETTINGS, SCHEMA

MAX_STEPS = 12
# Per endpoint: the links of its responses.
LINKS = {
    name: links
    for name in NAMES
    for response in successes(name).values()
    if (links := response.get("links"))
}
LINKED_IDS = {target for links in LINKS.values() for target in links}
OPERATIONS = {operation(name)["operationId"]: operation(name) for name in NAMES}


class TestALink:
    def test_has_every_path_parameter_of_its_target(self):
        for name, links in LINKS.items():
            for target, link in links.items():
                parameters = OPERATIONS[target]["parameters"]
                required = {one["name"] for one in parameters if one["in"] == "path"}

                assert set(link["parameters"]) == required, name

    def test_points_to_a_value_of_the_example(self):
        for name, links in LINKS.items():
            example = example_of(next(iter(successes(name).values()))["content"])
            for link in links.values():
                for pointer in link["parameters"].values():
                    if pointer.startswith("$response"):
                        assert value_at(example, pointer.partition("#/")[2]) is not None, name

    def test_leads_to_every_operation_with_a_path_parameter(self):
        with_parameters = {
            one["operationId"]
            for path, item in DOCUMENT["paths"].items()
            if "{" in path
            for one in item.values()
        }

        assert with_parameters == LINKED_IDS


@pytest.mark.usefixtures("one_transaction")
class TestAWalk:
    @pytest.mark.parametrize("role", ROLES)
    def test_gets_the_responses_that_are_described(self, role_headers, role):
        visited: Counter[str] = Counter()

        class Walk(SCHEMA.as_state_machine()):
            def setup(self):
                # Every walk starts with the same data.
                self.block = transaction.atomic()
                self.block.__enter__()

            def teardown(self):
                transaction.set_rollback(True)
                self.block.__exit__(None, None, None)

            def get_call_kwargs(self, case):
                return {"headers": role_headers[role]}

            def after_call(self, response, case):
                super().after_call(response, case)
                run_commit_hooks()
                if response.status_code < 300:
                    visited[case.operation.definition.raw["operationId"]] += 1

            def validate_response(self, response, case, **kwargs: Any):
                case.validate_response(
                    response, excluded_checks=[positive_data_acceptance], **kwargs
                )

        Walk.run(
            settings=settings(
                FUZZ_SETTINGS, max_examples=EXAMPLES * 2, stateful_step_count=MAX_STEPS
            )
        )

        assert visited or role == "anonymous"
        if role == "administrator":
            assert {*visited} & LINKED_IDS, visited


def value_at(example: Any, pointer: str) -> Any:
    """Return the value of an example at a JSON pointer."""
    for part in pointer.split("/"):
        example = example[int(part) if part.isdecimal() else part]
    return example
