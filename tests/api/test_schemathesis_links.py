"""Everybody goes where answers lead: what one call gave, the next one asks about.

A few walks for each role; FUZZ_EXAMPLES=200 makes many.
"""

from collections import Counter
from typing import Any

import pytest
from django.db import transaction
from hypothesis import settings
from schemathesis.specs.openapi.checks import positive_data_acceptance

from tests.api.test_schemathesis import EXAMPLES, HOW, SCHEMA, keys, one_transaction
from tests.api_fixtures import ROLES, commit
from tests.openapi_document import DOCUMENT, operation
from tracetrack.openapi.schema import TABLE, operation_id

__all__ = ["keys", "one_transaction"]

STEPS = 12
LED = {
    operation_id(to): sorted({*values})
    for told in TABLE.values()
    for to, values in told.leads.items()
}


class TestALink:
    @pytest.mark.parametrize("name", [name for name, told in TABLE.items() if told.leads])
    def test_leads_to_what_there_is_with_what_the_example_holds(self, name):
        told = TABLE[name]

        for to, values in told.leads.items():
            wanted = {one["name"] for one in operation(to)["parameters"] if one["in"] == "path"}
            assert set(values) == wanted
            for pointer in values.values():
                if pointer.startswith("$response"):
                    assert held(told.example, pointer.partition("#/")[2]) is not None

    @pytest.mark.parametrize("route", sorted(DOCUMENT["paths"]))
    def test_leads_to_whatever_is_asked_for_by_a_name(self, route):
        for one in DOCUMENT["paths"][route].values():
            assert "{" not in route or one["operationId"] in LED


class TestAWalk:
    @pytest.mark.parametrize("role", ROLES)
    def test_of_anybody_is_answered_as_described(self, keys, role):
        went: Counter[str] = Counter()

        class Walk(SCHEMA.as_state_machine()):
            def setup(self):
                # Every walk begins at the same site.
                self.block = transaction.atomic()
                self.block.__enter__()

            def teardown(self):
                transaction.set_rollback(True)
                self.block.__exit__(None, None, None)

            def get_call_kwargs(self, case):
                return {"headers": keys[role]}

            def after_call(self, response, case):
                super().after_call(response, case)
                commit()
                if response.status_code < 300:
                    went[case.operation.definition.raw["operationId"]] += 1

            def validate_response(self, response, case, **kwargs: Any):
                case.validate_response(
                    response, excluded_checks=[positive_data_acceptance], **kwargs
                )

        Walk.run(settings=settings(HOW, max_examples=EXAMPLES * 2, stateful_step_count=STEPS))

        assert went or role == "anonymous"
        if role == "administrator":
            assert {*went} & {*LED}, went


def held(example: Any, pointer: str) -> Any:
    """What stands at a place of an example."""
    for part in pointer.split("/"):
        example = example[int(part) if part.isdecimal() else part]
    return example
