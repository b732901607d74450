"""Each query is executed, or refused with an error code; none is a fault of the server."""

import json
import random
from itertools import pairwise

import pytest
from graphql import get_introspection_query

from graphql_api import limits
from tests.api_fixtures import HERE, post
from tests.graphql_api.graphql_client import post_query, query_data, query_error
from tests.hostile_bodies import HOSTILE_BODIES
from tests.problem_assertions import assert_problem
from tracetrack.errors.problem import Forbidden


def nested_parents(levels):
    """Return a query for the parent of the parent of a bag, and so on."""
    selection = "code"
    for _ in range(levels):
        selection = f"parent {{ {selection} }}"
    return f'{{ bag(code: "{HERE}") {{ {selection} }} }}'


def doubling_fragments(count, *, last="code"):
    """Return a query with fragments each of which spreads the next one twice."""
    names = [f"f{n}" for n in range(count)]
    parts = [f"fragment {a} on Bag {{ ...{b} ...{b} }}" for a, b in pairwise(names)]
    return " ".join([
        "{ bags { nodes { ...f0 } } }", *parts, f"fragment {names[-1]} on Bag {{ {last} }}",
    ])  # fmt: skip


def cyclic_fragments(count):
    """Return a query with fragments each of which spreads all others."""
    names = [f"f{n}" for n in range(count)]
    parts = [
        f"fragment {name} on Bag {{ {' '.join(f'...{other}' for other in names)} }}"
        for name in names
    ]
    return " ".join(["{ bags { nodes { ...f0 } } }", *parts])


REFUSED = {
    "query-too-deep": [
        nested_parents(15), nested_parents(30), "{ a " * 300 + "}" * 300, "{" + "a{" * 498,
        "{" + "...{" * 330 + "__typename" + "}" * 331,
        "{ bags(first: " + "[" * 480 + "]" * 480 + ") { nodes { code } } }",
        "query ($a: " + "[" * 470 + "Int" + "]" * 470 + ") { __typename }",
        "query ($a: Int = " + "[" * 470 + "]" * 470 + ") { __typename }",
        "{ __typename @skip(if: " + "[" * 470 + "]" * 470 + ") }",
    ],
    "query-too-large": [
        "{ " + " ".join(f"a{n}: bag(code: \"{HERE}\") {{ code }}" for n in range(31)) + " }",
        "{ bags { nodes { " + "code " * 510 + "} } }",
        "{ bags { nodes { " + "code " * 1000 + "} } }",
        "#\n" * 1001 + "{ __typename }",
        doubling_fragments(20, last="code state"),
        doubling_fragments(60),
        "{ a: __schema { types { name } } b: __schema { types { name } } }",
        "{ bags(first: 1) { nodes { " + " ".join(f"a{n}: area {{ code }}" for n in range(30))
        + " parent { area { code } batch { code } bagType { name } boundFor { code } parent { code"
        + " } } children { nodes { area { code } batch { code } bagType { name } } }"
        + " scans { nodes { area { code } } } } } }",
    ],
    "query-too-costly": [
        "{ bags(first: 100) { nodes { children(first: 20) { nodes { code } } } } }",
        "{ bags { nodes { children { nodes { scans { nodes { step } } } } } } }",
        "{ scans(first: 100) { nodes { bag { scans(first: 20) { nodes { step } } } } } }",
        "{ batches(first: 100) { nodes { bags { nodes { code } } } } }",
        "{ bags(first: 100) { nodes { children(first: 18) { nodes { code kind state weight id "
        + " ".join(f"a{n}: code" for n in range(10)) + " } } } } }",
        "{ bags(first: 50) { nodes { c: children(first: 20) { nodes { code } } "
        "d: children(first: 20) { nodes { code } } } } }",
    ],
    "query-unreadable": [
        doubling_fragments(60, last=""), "{ bags { nodes { } } }",
        "{", "}", "{ bags { nodes { code } }", "bags", "{ bags(first: ) { x } }",
        "query ($a) { a }",
        '{ bag(code: "\\ud800") { code } }', '{ bag(code: "\\u{110000}") { code } }',
        '{ bag(code: "a\nb") { code } }', "{ bags } \N{CHECK MARK}", "\\", "{ ... on }",
        "{ a(b: $) }",
        "fragment on on Bag { code }", "!" * 500, '"' * 7, "{a:}", "{ bag(code: 1e) { code } }",
    ],
    "query-invalid": [
        "{ bags { nodes { code " + "@include(if: true) " * 31 + "} } }",
        "query " + "@skip(if: true) " * 31 + "{ __typename }",
        "{ nothing }", "{ bags }", "{ bags { nodes } }", "{ bag { code } }", "{ bags { code } }",
        "{ bag(code: 7) { code } }", "{ bags(first: 99999999999) { nodes { code } } }",
        '{ bags(first: "1") { nodes { code } } }', "{ bags(first: null) { nodes { code } } }",
        "{ bags(kind: sack) { nodes { code } } }", '{ bags(kind: "parent") { nodes { code } } }',
        "{ bags(last: 3) { nodes { code } } }", "{ bags { nodes { code @upper } } }",
        "{ bags { nodes { ...none } } }", "{ ...a } fragment a on Query { ...a }",
        "{ ...a } fragment a on Query { ...b } fragment b on Query { ...a }", cyclic_fragments(15),
        "{ bags { nodes { ...a } } } fragment a on Bag { parent { ...b } } "
        "fragment b on Bag { parent { ...a } }",
        "{ bags { nodes { ... on Scan { step } } } }", "fragment a on Bag { code }",
        "{ __typename } fragment a on Bag { code }", "query ($a: Nothing) { __typename }",
        "query ($a: Int!) { bags(first: $a) { nodes { code } } }", "type Bag { code: String }",
        "query a { __typename } query a { __typename }", "{ bags { nodes { code @skip } } }",
        "{ bags { nodes { code: state code } } }", "{ bags { nodes { code @skip(if: 1) } } }",
        "mutation { x }", "subscription { x }", "{ bags(first: [1]) { nodes { code } } }",
        "{ bags(first: {a: 1}) { nodes { code } } }", "{ bags(x: {}) { x } }",
        "{ __schema { types { fields { type { fields { type { fields { name } } } } } } } }",
        "{ bags { nodes { code } } } " * 2,
    ],
    "bad-field": [
        "{ bags(first: 0) { nodes { code } } }", "{ bags(first: 101) { nodes { code } } }",
        "{ bags(first: -1) { nodes { code } } }", '{ bag(code: "") { code } }',
        '{ bag(code: "\\u0000") { code } }', '{ bags(area: "a\\u0000") { nodes { code } } }',
        f'{{ bags(area: "{"x" * 33}") {{ nodes {{ code }} }} }}',
        f'{{ scans(username: "{"x" * 151}") {{ nodes {{ id }} }} }}',
        '{ bags(after: "\\u0000") { nodes { code } } }',
    ],
    "bad-cursor": [
        '{ bags(after: "x") { nodes { code } } }',
        f'{{ bags(after: "{"x" * 5000}") {{ nodes {{ code }} }} }}',
        '{ batches(after: "MQ:made-up") { nodes { code } } }',
    ],
    "bad-code": ['{ bag(code: "??") { code } }'],
}  # fmt: skip
CASES = [(code, query) for code, queries in REFUSED.items() for query in queries]


class TestQuery:
    @pytest.mark.parametrize(
        ("code", "query"), CASES, ids=[f"{n}-{code}" for n, (code, _) in enumerate(CASES)]
    )
    def test_is_refused_with_code(self, operator, code, query):
        assert query_error(operator, query)["code"] == code

    def test_may_repeat_a_fragment(self, operator):
        query = "{ bags(first: 1) { nodes { " + "...f " * 400 + "} } } fragment f on Bag { code }"

        assert query_data(operator, query)["bags"]["nodes"] == [{"code": HERE}]

    def test_may_have_the_maximum_depth_and_number_of_aliases(self, operator):
        assert query_data(operator, nested_parents(limits.MAX_DEPTH - 1))["bag"]["parent"] is None
        fields = " ".join(f"a{n}: code" for n in range(limits.MAX_ALIASES))
        data = query_data(operator, f'{{ bag(code: "{HERE}") {{ {fields} }} }}')
        assert len(data["bag"]) == limits.MAX_ALIASES

    def test_cost_limit_is_exact(self, operator):
        bags = "bags(first: 100) { nodes { children(first: 18) { nodes { code } } } }"
        left = limits.MAX_ROWS - 100 * 19
        batches = f"batches(first: {left}) {{ nodes {{ code }} }}"
        assert query_data(operator, f"{{ {bags} {batches} }}")

        error = query_error(operator, f"{{ {bags} b: bags {{ nodes {{ code }} }} {batches} }}")

        assert error["code"] == "query-too-costly"
        assert error["extensions"]["facts"] == {
            "cost": limits.MAX_ROWS + 25,
            "what": "rows",
            "limit": limits.MAX_ROWS,
        }
        assert error["path"] == ["batches"]

    def test_cost_is_checked_before_rows_are_read(self, operator, monkeypatch):
        monkeypatch.setattr("graphql_api.schema.consistent_snapshot", None)

        query = "{ bags { nodes { children { nodes { scans { nodes { step } } } } } } }"

        assert query_error(operator, query)["code"] == "query-too-costly"

    def test_error_has_the_path_of_the_argument(self, operator):
        query = """query ($n: Int!) {
            bag(code: "SB10001") { inside: children(first: $n) { nodes { id } } } }"""

        error = query_error(operator, query, n=1000)

        assert error["path"] == ["bag", "inside"]
        assert error["extensions"]["facts"]["field"] == "first"

    def test_limit_of_a_limiter_is_the_only_error(self, operator):
        query = nested_parents(16).replace("code }", "code unknown }")

        assert len(post_query(operator, query).json()["errors"]) == 1

    def test_stops_after_the_time_limit(self, operator, settings):
        settings.DB_STATEMENT_SECONDS = -1

        response = post_query(operator, "{ bags { nodes { code } } }")

        assert_problem(response, 504, "too-slow")

    def test_reports_at_most_five_errors(self, operator):
        query = "{ " + " ".join(f"x{n}" for n in range(100)) + " }"

        assert 1 < len(post_query(operator, query).json()["errors"]) <= 5

    @pytest.mark.parametrize(
        "options", [{}, {"descriptions": False}, {"input_value_deprecation": True}]
    )
    def test_introspection_query_is_executed(self, operator, options):
        data = query_data(operator, get_introspection_query(**options))

        assert data["__schema"]["queryType"]["name"] == "Query"

    @pytest.mark.parametrize("permission", ["bags.view_batch", "scans.view_scan"])
    def test_needs_permission_for_each_type(self, operator, permission, monkeypatch):
        def check_permission(user, name):
            if name == permission:
                raise Forbidden(permission=name)

        monkeypatch.setattr("graphql_api.limits.check_permission", check_permission)
        query = "{ bags { nodes { %s } } }"
        read = {
            "bags.view_batch": "batch { code }",
            "scans.view_scan": "scans(first: 1) { nodes { id } }",
        }

        assert query_data(operator, query % "area { code }")
        assert_problem(post_query(operator, query % read[permission]), 403, "forbidden")


class TestVariables:
    QUERY = """query ($code: String!, $first: Int! = 5, $kind: Kind, $held: Boolean) {
        bag(code: $code) { children(first: $first) { nodes { code } } }
        bags(kind: $kind) { nodes { code } } batches(held: $held) { nodes { code } } }"""

    @pytest.mark.parametrize(
        "value",
        [7, 1.5, True, [], {}, ["x"], {"x": 1}, "x" * 10_000, "", None, -1, 10**30, "parent"],
    )
    @pytest.mark.parametrize("name", ["code", "first", "kind", "held", "unknown"])
    def test_of_any_type_get_data_or_errors(self, operator, name, value):
        valid = {"code": HERE, "first": 2, "kind": "parent", "held": False}

        response = post_query(operator, self.QUERY, **(valid | {name: value}))

        assert response.status_code == 200
        assert set(response.json()) in ({"data"}, {"errors"})

    @pytest.mark.parametrize("text", ['"\\ud800"', '"a\\u0000"'])
    def test_with_invalid_characters_are_refused(self, operator, text):
        query = "query ($c: String!) { bag(code: $c) { code } }"
        body = f'{{"query": "{query}", "variables": {{"c": {text}}}}}'

        response = operator.post("/api/v3/graphql", body, content_type="application/json")

        assert_problem(response, 400, "bad-request")

    @pytest.mark.parametrize("value", [[], "x", 7, True])
    def test_that_are_no_object_are_refused(self, operator, value):
        response = post(operator, "graphql", {"query": "{ __typename }", "variables": value})

        assert_problem(response, 400, "bad-field")

    def test_may_be_null(self, operator):
        response = post(operator, "graphql", {"query": "{ __typename }", "variables": None})

        assert response.status_code == 200


class TestBody:
    def test_has_a_maximum_size(self, operator):
        long = "{ __typename }" + " " * 19_980 + "#" * 100

        assert_problem(post_query(operator, long), 400, "bad-field")
        assert_problem(post_query(operator, "{" * 6_000_000), 413, "too-large")

    @pytest.mark.parametrize("name", sorted(HOSTILE_BODIES))
    def test_hostile_text_in_a_query_gets_a_response(self, operator, name):
        text = HOSTILE_BODIES[name].decode("utf-8", "replace").replace("\0", "")[:15_000]

        for query in (
            text,
            f"{{ bag(code: {text}) {{ code }} }}",
            f"{{ bags {{ nodes {{ {text} }} }} }}",
        ):
            assert post_query(operator, query).status_code in (200, 400), query[:100]

    def test_random_tokens_get_a_response(self, operator):
        generator = random.Random(7)
        words = "fragment query bags bag nodes edges node children scans parent code kind null true"
        marks = "{ } ( ) [ ] : $a ! = @skip @include(if:$a) ... on Bag mutation a: F 1e9 __schema"
        tokens = [*words.split(), *marks.split(), 'code: "SB10001"', "first: 3", "#x\n", '"""x"""']

        for _ in range(300):
            query = " ".join(generator.choices(tokens, k=generator.randrange(1, 60)))
            assert post_query(operator, query).status_code == 200, query

    def test_random_changes_of_a_query_get_a_response(self, operator):
        generator = random.Random(8)
        valid = (
            get_introspection_query()
            + " query b { bags { nodes { code children { nodes { id } } } } }"
        )
        for _ in range(150):
            start = generator.randrange(len(valid))
            inserted = generator.choice(["", *'}{("@$:'])
            query = valid[:start] + inserted + valid[start + generator.randrange(4) :]
            response = post(operator, "graphql", {"query": query, "operationName": "b"})
            assert response.status_code == 200, query
            assert json.loads(response.content)
