"""Deprecations are announced in responses, in the OpenAPI document and in the docs."""

from datetime import timedelta

import pytest

from tests.endpoints import api_views
from tests.environment import ROOT
from tests.openapi_document import operation

DOCS = ROOT / "docs"
DECLARED = [
    (route, view, name)
    for route, view in api_views().items()
    for name in view.deprecated
]  # fmt: skip
HEADERS = ("Deprecation", "Sunset", "Link")


class TestDeprecation:
    @pytest.mark.parametrize(("route", "view", "name"), DECLARED)
    def test_lasts_a_year_and_names_a_successor(self, route, view, name):
        going = view.deprecated[name]

        assert going.until - going.since >= timedelta(days=365)
        assert going.instead

    @pytest.mark.parametrize(("route", "view", "name"), DECLARED)
    def test_is_marked_in_the_openapi_document(self, route, view, name):
        method = name if name.isupper() else "GET"
        described = operation(f"{method} {route}")
        if not name.isupper():
            described = next(one for one in described["parameters"] if one["name"] == name)

        assert described["deprecated"] is True
        assert str(view.deprecated[name]) in described["description"]

    @pytest.mark.parametrize(("route", "view", "name"), DECLARED)
    def test_is_announced_in_the_docs(self, route, view, name):
        text = (DOCS / "api-changes.md").read_text(encoding="utf-8")

        going = text.split("## Deprecated")[1].split("\n## ")[0]
        assert f"`{name}` of `GET {route}`" in going or f"`{name} {route}`" in going
        assert f"{view.deprecated[name].until}" in going

    def test_marks_nothing_else(self):
        marked = [
            (route, parameter["name"])
            for route, view in api_views().items()
            for method in view.permissions
            for parameter in operation(f"{method} {route}").get("parameters", ())
            if parameter.get("deprecated")
        ]

        assert marked == [(route, name) for route, _, name in DECLARED if not name.isupper()]


class TestResponse:
    def test_announces_the_deprecation_of_a_parameter(self, operator):
        answer = operator.get("/api/v3/scans?limit=1")

        assert answer["Deprecation"] == "@1795478400"
        assert answer["Sunset"] == "Tue, 30 Nov 2027 00:00:00 GMT"
        assert answer["Link"] == '</api/v3/docs>; rel="deprecation"; type="text/html"'

    @pytest.mark.parametrize("limit", ["0", "x"])
    def test_announces_it_with_errors(self, operator, limit):
        answer = operator.get(f"/api/v3/scans?limit={limit}")

        assert (answer.status_code, answer["Deprecation"]) == (400, "@1795478400")

    @pytest.mark.parametrize("path", ["scans", "scans?per_page=1", "bags"])
    def test_announces_nothing_without_deprecated_parameters(self, operator, path):
        answer = operator.get(f"/api/v3/{path}")

        assert [name for name in HEADERS if name in answer] == []

    def test_logs_the_client(self, site, caplog):
        with caplog.at_level("INFO", logger="tracetrack.api.view"):
            site.client("integrator").get("/api/v3/scans?limit=1")

        (line,) = [record for record in caplog.records if "deprecated" in record.message]
        assert "limit" in line.message
        assert "test (tt_" in line.message

    def test_to_limit_equals_that_to_per_page(self, operator):
        old = operator.get("/api/v3/scans?limit=2").json()["results"]

        assert old == operator.get("/api/v3/scans?per_page=2").json()["results"]
        assert operator.get("/api/v3/scans?limit=2&per_page=2").status_code == 400
