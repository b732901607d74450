"""docs/errors.md and docs/api.md say what the code does."""

import re
from pathlib import Path

import pytest
from django.urls import get_resolver

from bags.api.serializers import AreaIn, BagTypeIn, BatchIn
from scans.api.serializers import SCAN_FIELDS, UNDO_FIELDS
from scans.models import Step
from tests.api.site import CALLS
from tests.api.test_openapi import DOCUMENT
from tracetrack.errors.problem import Problem
from webhooks.api.serializers import ChangeIn, WebhookIn

DOCS = Path(__file__).resolve().parents[2] / "docs"
ERRORS = (DOCS / "errors.md").read_text(encoding="utf-8")
API = (DOCS / "api.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| `([a-z-]+)` \| (\d+) \| (.+) \| (.+) \| (.+) \| (.+) \|$", re.M)


def problems(kind=Problem):
    # The addresses import every module that may refuse something.
    assert get_resolver().url_patterns
    for narrower in kind.__subclasses__():
        if not narrower.__module__.startswith("tests"):
            yield narrower
        yield from problems(narrower)


PROBLEMS = {kind.code: kind for kind in problems()}
ROWS = {row[0]: row for row in ROW.findall(ERRORS)}


class TestTheListOfRefusals:
    def test_is_complete_and_names_each_once(self):
        assert sorted(row[0] for row in ROW.findall(ERRORS)) == sorted(PROBLEMS)

    @pytest.mark.parametrize("code", sorted(PROBLEMS))
    def test_says_what_the_code_says(self, code):
        kind = PROBLEMS[code]
        _, status, title, detail, facts, remedy = ROWS[code]

        assert (int(status), title, remedy) == (kind.status, kind.title, kind.remedy)
        assert kind.detail == (title if detail == "\N{EN DASH}" else detail)
        named = set(re.findall(r"\{(\w+)\}", kind.detail))
        assert named <= set(re.findall(r"`(\w+)`", facts))

    def test_orders_the_checks_of_every_step(self):
        assert set(re.findall(r"^\| `([a-z]+)` \| [^|]+ \|$", ERRORS, re.M)) == set(Step.values)

    def test_names_only_refusals_that_there_are(self):
        order = ERRORS.split("### The first fault wins")[1].split("## ")[0]
        named = set(re.findall(r"`([a-z]+-[a-z-]+)`", order))

        assert named <= set(PROBLEMS)


class TestTheReference:
    @pytest.mark.parametrize("call", sorted(CALLS))
    def test_has_every_endpoint_with_its_permission_and_an_example(self, call):
        method, route = call.split()
        shown = re.sub(r"<(?:\w+:)?(\w+)>", r"<\1>", route).replace("<scan>", "<id>")
        heading = f"## {method} {shown}".replace("<", "&lt;").replace(">", "&gt;")

        assert f"[`{method} {shown}`]" in API
        assert re.search(rf"^{re.escape(heading)}$", API, re.M)
        example = API.split(f"\n{heading}\n")[1].split("\n## ")[0]
        assert "tt " in example
        assert ("--json" in example) == (method in ("POST", "PATCH"))

    def test_names_every_field_and_parameter(self):
        readers = (BatchIn, AreaIn, BagTypeIn, WebhookIn, ChangeIn)
        fields = {name for reader in readers for name in reader().fields}
        operations = [one for path in DOCUMENT["paths"].values() for one in path.values()]
        parameters = {p["name"] for one in operations for p in one.get("parameters", ())}
        for name in (*SCAN_FIELDS, *UNDO_FIELDS, *fields, *parameters):
            assert f"`{name}" in API or f"{name}=" in API, name
