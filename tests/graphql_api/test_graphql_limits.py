"""Whatever is asked: bounded, refused by name, and never a fault of ours."""

import json
import random
from itertools import pairwise

import pytest
from graphql import get_introspection_query

from graphql_api import limits
from tests.api_fixtures import HERE, post
from tests.graphql_api.asking import ask, refused, send
from tests.hostile_bodies import HOSTILE_BODIES
from tests.problem_assertions import assert_problem

LEAF = "nodes { code }"


def deep(levels):
    """Parents of parents of parents."""
    inside = "code"
    for _ in range(levels):
        inside = f"parent {{ {inside} }}"
    return f'{{ bag(code: "{HERE}") {{ {inside} }} }}'


def chain(count, *, last="code"):
    """Fragments that spread one another, each the next one twice."""
    names = [f"f{n}" for n in range(count)]
    parts = [f"fragment {a} on Bag {{ ...{b} ...{b} }}" for a, b in pairwise(names)]
    return " ".join([
        "{ bags { nodes { ...f0 } } }", *parts, f"fragment {names[-1]} on Bag {{ {last} }}",
    ])  # fmt: skip


REFUSED = {
    "query-too-deep": [deep(15), deep(30), "{ a " * 300 + "}" * 300, "{" + "a{" * 498,
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
        chain(20, last="code state"),
        chain(60),
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
        chain(60, last=""), "{ bags { nodes { } } }",
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
        "{ ...a } fragment a on Query { ...b } fragment b on Query { ...a }",
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
CASES = [(code, text) for code, texts in REFUSED.items() for text in texts]


@pytest.fixture
def operator(site):
    return site.client("operator")


class TestAQuery:
    @pytest.mark.parametrize(
        ("code", "text"), CASES, ids=[f"{n}-{code}" for n, (code, _) in enumerate(CASES)]
    )
    def test_is_refused_by_name(self, operator, code, text):
        assert refused(operator, text)["code"] == code

    def test_may_spread_the_same_again_and_again(self, operator):
        told = ask(
            operator,
            "{ bags(first: 1) { nodes { " + "...f " * 400 + "} } } fragment f on Bag { code }",
        )
        assert told["bags"]["nodes"] == [{"code": HERE}]

    def test_may_be_as_deep_and_as_large_as_the_bounds(self, operator):
        assert ask(operator, deep(14))["bag"]["parent"] is None
        fields = " ".join(f"a{n}: code" for n in range(limits.MAX_ALIASES))
        told = ask(operator, f'{{ bag(code: "{HERE}") {{ {fields} }} }}')
        assert len(told["bag"]) == limits.MAX_ALIASES

    def test_may_cost_what_the_bound_says_and_one_row_no_more(self, operator):
        rows = limits.MAX_ROWS
        just = "{ bags(first: 100) { nodes { children(first: 18) { nodes { code } } } } "
        left = rows - 100 * 19
        assert ask(operator, just + f"batches(first: {left}) {{ {LEAF} }} }}")

        more = refused(
            operator, just + f"b: bags {{ {LEAF} }} batches(first: {left}) {{ {LEAF} }} }}"
        )

        assert more["code"] == "query-too-costly"
        assert more["extensions"]["facts"] == {"cost": rows + 25, "what": "rows", "limit": rows}
        assert more["path"] == ["batches"]

    def test_says_where_its_argument_is_wrong(self, operator):
        query = """query ($n: Int!) {
            bag(code: "SB10001") { inside: children(first: $n) { nodes { id } } } }"""

        error = refused(operator, query, n=1000)

        assert error["path"] == ["bag", "inside"]
        assert error["extensions"]["facts"]["field"] == "first"

    def test_that_takes_too_long_is_given_up(self, operator, settings):
        settings.DB_STATEMENT_SECONDS = -1

        assert_problem(send(operator, "{ bags { nodes { code } } }"), 504, "too-slow")

    def test_gets_at_most_five_reasons(self, operator):
        answer = send(operator, "{ " + " ".join(f"x{n}" for n in range(100)) + " }").json()

        assert 1 < len(answer["errors"]) <= 5

    def test_asks_for_the_schema_as_every_tool_does(self, operator):
        for options in ({}, {"descriptions": False}, {"input_value_deprecation": True}):
            told = ask(operator, get_introspection_query(**options))
            assert told["__schema"]["queryType"] == {"name": "Query"} or told["__schema"]


class TestVariables:
    QUERY = """query ($code: String!, $first: Int, $kind: Kind, $held: Boolean) {
        bag(code: $code) { children(first: $first) { nodes { code } } }
        bags(kind: $kind) { nodes { code } } batches(held: $held) { nodes { code } } }"""

    @pytest.mark.parametrize(
        "value",
        [7, 1.5, True, [], {}, ["x"], {"x": 1}, "x" * 10_000, "", None, -1, 10**30, "parent"],
    )
    @pytest.mark.parametrize("name", ["code", "first", "kind", "held", "unknown"])
    def test_of_any_type_are_answered_or_refused(self, operator, name, value):
        query = self.QUERY.replace("$first: Int,", "$first: Int! = 5,")
        good = {"code": HERE, "first": 2, "kind": "parent", "held": False}

        answer = send(operator, query, **(good | {name: value}))

        assert answer.status_code == 200
        told = answer.json()
        assert set(told) in ({"data"}, {"errors"})

    def test_have_no_characters_that_no_text_has(self, operator):
        for text in ('"\\ud800"', '"a\\u0000"'):
            query = "query ($c: String!) { bag(code: $c) { code } }"
            body = f'{{"query": "{query}", "variables": {{"c": {text}}}}}'
            answer = operator.post("/api/v3/graphql", body, content_type="application/json")
            assert_problem(answer, 400, "bad-request")

    def test_are_an_object(self, operator):
        for value in ([], "x", 7, True):
            answer = post(operator, "graphql", {"query": "{ __typename }", "variables": value})
            assert_problem(answer, 400, "bad-field")
        answer = post(operator, "graphql", {"query": "{ __typename }", "variables": None})
        assert answer.status_code == 200


class TestABody:
    def test_is_bounded(self, operator):
        long = "{ __typename }" + " " * 19_980
        assert_problem(send(operator, long + "#" * 100), 400, "bad-field")
        assert_problem(send(operator, "{" * 6_000_000), 413, "too-large")

    @pytest.mark.parametrize("what", sorted(HOSTILE_BODIES))
    def test_that_is_hostile_inside_a_query_is_answered(self, operator, what):
        text = HOSTILE_BODIES[what].decode("utf-8", "replace").replace("\0", "")[:15_000]

        for query in (
            text,
            f"{{ bag(code: {text}) {{ code }} }}",
            f"{{ bags {{ nodes {{ {text} }} }} }}",
        ):
            answer = send(operator, query)
            assert answer.status_code in (200, 400), query[:100]

    def test_of_random_pieces_is_answered(self, operator):
        chance = random.Random(7)
        words = "fragment query bags bag nodes edges node children scans parent code kind null true"
        signs = "{ } ( ) [ ] : $a ! = @skip @include(if:$a) ... on Bag mutation a: F 1e9 __schema"
        pieces = [*words.split(), *signs.split(), 'code: "SB10001"', "first: 3", "#x\n", '"""x"""']

        for _ in range(300):
            query = " ".join(chance.choices(pieces, k=chance.randrange(1, 60)))
            answer = send(operator, query)
            assert answer.status_code == 200, query

    def test_of_a_query_that_was_spoiled_is_answered(self, operator):
        chance = random.Random(8)
        good = (
            get_introspection_query()
            + " query b { bags { nodes { code children { nodes { id } } } } }"
        )
        for _ in range(150):
            at, more = chance.randrange(len(good)), chance.choice(["", *'}{("@$:'])
            query = good[:at] + more + good[at + chance.randrange(4) :]
            answer = post(operator, "graphql", {"query": query, "operationName": "b"})
            assert answer.status_code == 200, query
            assert json.loads(answer.content)
