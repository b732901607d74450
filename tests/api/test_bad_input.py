"""Numbers out of range, unknown filters, and searches with wildcards."""

from urllib.parse import quote

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.api_fixtures import CODES, HERE
from tests.factories import make_batch
from tests.problem_assertions import assert_problem

LISTS = ["bags", "bags/stream", "batches", "scans", "scans/stream", "search?q=SB"]


def found(client, text):
    answer = client.get(f"/api/v3/search?q={quote(text)}")
    assert answer.status_code == 200, answer.content
    result = answer.json()
    bags, batches = ([row["code"] for row in result[name]] for name in ("bags", "batches"))
    return result["by"], bags, batches


class TestNumber:
    @pytest.mark.parametrize("given", ["0", "501", "-1", "1.5", "x", "", "1e2", "٣"])
    @pytest.mark.parametrize("path", ["bags", "bags/stream", "batches"])
    def test_per_page_is_from_1_to_500(self, operator, path, given):
        answer = operator.get(f"/api/v3/{path}?per_page={given}")
        if given == "٣":
            # A digit is a digit, wherever it was typed.
            assert answer.status_code == 200
            return

        assert assert_problem(answer, 400, "bad-field")["facts"]["field"] == "per_page"

    @pytest.mark.parametrize("given", ["0", "101", "-1", "x", ""])
    def test_limit_of_scans_is_from_1_to_100(self, operator, given):
        document = assert_problem(operator.get(f"/api/v3/scans?limit={given}"), 400, "bad-field")

        assert document["facts"]["field"] == "limit"


class TestFilter:
    @pytest.mark.parametrize("name", ["code", "colour", "kind__in", "area_id", "after__gt"])
    @pytest.mark.parametrize("path", LISTS)
    def test_unknown_filter_is_named(self, operator, path, name):
        mark = "&" if "?" in path else "?"

        document = assert_problem(
            operator.get(f"/api/v3/{path}{mark}{name}=1"), 400, "unknown-parameter"
        )

        assert document["facts"]["parameter"] == name
        assert document["facts"]["known"]

    @pytest.mark.parametrize(
        "query",
        [
            "bags?kind=sack", "bags?state=lost", "bags?loose=perhaps", "batches?state=gone",
            "batches?held=perhaps", "scans/stream?step=jump", "scans/stream?outcome=refused",
            "bags?format=xlsx", "scans/stream?format=json", "bags?kind=child&kind=parent",
        ],
    )  # fmt: skip
    def test_invalid_value_is_named(self, operator, query):
        document = assert_problem(operator.get(f"/api/v3/{query}"), 400, "bad-field")

        assert f"{document['facts']['field']}=" in query

    @pytest.mark.parametrize("value", ["%", "_", "\\", "'", "SB%", "%25", "a'); --"])
    @pytest.mark.parametrize("name", ["area", "batch", "bag_type"])
    def test_wildcards_are_literal(self, operator, name, value):
        answer = operator.get(f"/api/v3/bags?{name}={quote(value)}")

        assert (answer.status_code, answer.json()["results"]) == (200, [])


class TestSearch:
    @pytest.mark.parametrize(
        "text", ["%", "_", "\\", "%%%", "___", "S%1", "SB_0001", "SB1\\", "%1"]
    )
    def test_wildcards_are_literal(self, office, text):
        assert found(office, text) == ("none", [], [])

    def test_finds_batches_with_wildcards_in_their_name(self, office):
        make_batch("LOT-9", product="100% mustard", variety="A_1\\")

        assert found(office, "100%")[2] == ["LOT-9"]
        assert found(office, "A_1\\")[2] == ["LOT-9"]
        assert found(office, "A%1")[2] == []

    @pytest.mark.parametrize(("text", "way"), [("S", "prefix"), ("SB", "prefix"), ("1", "suffix")])
    def test_short_text_matches_prefix_or_suffix(self, office, text, way):
        by, bags, _ = found(office, text)

        assert by == way
        assert set(bags) <= set(CODES)
        assert bags

    @pytest.mark.parametrize("text", ["0", "B", "00", "B1"])
    def test_short_text_never_matches_inside(self, office, text):
        with CaptureQueriesContext(connection) as queries:
            assert found(office, text)[:2] == ("none", [])

        assert not any(f"%{text}%" in query["sql"] for query in queries)
        assert found(office, HERE[1:5])[0] == "contains"

    @pytest.mark.parametrize("text", ["", " ", "x" * 513])
    def test_empty_or_long_text_is_rejected(self, office, text):
        answer = office.get(f"/api/v3/search?q={quote(text)}")

        assert assert_problem(answer, 400, "bad-field")["facts"]["field"] == "q"
