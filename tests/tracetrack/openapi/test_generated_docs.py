"""The generated pages are current, and the order of checks names existing steps and codes."""

import ast
import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scans.models import Step
from tests.environment import ROOT
from tracetrack.management.commands.generate_docs import generated_pages
from tracetrack.openapi.api_reference import format_json, render_api_reference
from tracetrack.openapi.error_reference import facts_of, problem_classes

PACKAGES = ("accounts", "bags", "dashboard", "graphql_api", "scans", "tracetrack", "webhooks")
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda children: st.lists(children) | st.dictionaries(st.text(), children),
)
DOCUMENT = {
    "paths": {
        "/api/v3/things/{code}": {
            "get": {
                "summary": "One thing",
                "description": "About things.\n\n```shell\ncurl\n```",
                "tags": ["things"],
                "parameters": [
                    {"in": "path", "name": "code", "schema": {"type": "string"}, "example": "A/1"},
                    {"in": "query", "name": "order", "schema": {"enum": ["id", "-id"]}},
                    {"in": "header", "name": "If-None-Match", "schema": {"type": "string"}},
                ],
                "responses": {
                    "200": {"content": {"application/json": {"example": {"code": "A/1"}}}},
                    "404": {
                        "content": {
                            "application/problem+json": {
                                "schema": {"properties": {"code": {"enum": ["not-found"]}}}
                            }
                        }
                    },
                },
                "x-permission": "things.view_thing",
            },
            "post": {
                "summary": "Change a thing",
                "tags": ["things"],
                "requestBody": {
                    "content": {
                        "application/json": {
                            "schema": {"$ref": "#/components/schemas/Thing"},
                            "example": {"size": 3},
                        }
                    }
                },
                "responses": {"204": {"description": "Done."}},
            },
        }
    },
    "components": {
        "schemas": {
            "Thing": {
                "properties": {"size": {"type": "integer", "minimum": 1, "maximum": 9}},
                "required": ["size"],
            }
        }
    },
}


class TestGeneratedPages:
    @pytest.mark.parametrize("name", ["errors.md", "api-reference.md"])
    def test_are_current(self, name):
        pages = {path.name: (path, text) for path, text in generated_pages().items()}
        path, text = pages[name]

        assert path.read_text(encoding="utf-8") == text, "Run `make docs`."


class TestErrorReference:
    def test_lists_every_fact_that_the_code_passes(self):
        facts = {kind.__name__: set(facts_of(kind)) for kind in problem_classes()}
        undocumented = [
            (path.name, name, fact)
            for package in PACKAGES
            for path in (ROOT / package).rglob("*.py")
            for name, fact in _facts_passed(path)
            if name in facts and fact not in facts[name]
        ]

        assert undocumented == []


class TestApiReference:
    def test_describes_parameters_and_example(self):
        text = render_api_reference(DOCUMENT)

        assert "### GET things/{code}\n\nOne thing.\n\nAbout things.\n" in text
        assert "| `order` | query | `id`, `-id` |" in text
        assert "Optional headers: `If-None-Match`." in text
        assert 'tt "$SITE/things/A%2F1"' in text
        assert '```json\n{"code": "A/1"}\n```' in text
        assert "Permission: `things.view_thing`." in text

    def test_describes_the_fields_of_a_body(self):
        text = render_api_reference(DOCUMENT)

        assert "| `size` | yes | integer (1 to 9) |" in text
        assert """tt "$SITE/things/<code>" --json '{"size": 3}'""" in text

    @given(JSON_VALUES)
    def test_breaks_long_json_without_changing_it(self, value):
        assert json.loads(format_json(value, width=20)) == value


class TestOrderOfChecks:
    ORDER = (ROOT / "docs" / "recording-a-scan.md").read_text(encoding="utf-8")

    def test_covers_every_step(self):
        assert re.findall(r"^\| `([a-z]+)` \| [^|]+ \|$", self.ORDER, re.M) == Step.values

    def test_names_only_existing_codes(self):
        order = self.ORDER.split("## Order of checks")[1]
        named = set(re.findall(r"`([a-z]+-[a-z-]+)`", order))

        assert named <= {kind.code for kind in problem_classes()}


def _facts_passed(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            yield from ((name, keyword.arg) for keyword in node.keywords if keyword.arg)
