"""POST graphql returns the same bags, batches and scans as REST."""

import json

import pytest
from django.test import Client

from accounts.tokens import create_token
from scans.models import Scan
from tests.api_fixtures import HERE, HERE_CHILD, LOT, THERE, post
from tests.factories import assign_batch, child_codes, make_batch, scan
from tests.graphql_api.graphql_client import post_query, query_data, query_error
from tests.problem_assertions import assert_problem

SECOND_CHILD = child_codes(HERE, 2)[1]
BAG_FIELDS = """
    code kind state weight childCount capacity
    bagType { name } batch { code } area { code } boundFor { code } parent { code }
"""


def as_rest(bag):
    """Return a bag of GraphQL with the members of REST."""
    links = {
        "bag_type": bag["bagType"]["name"],
        "child_count": bag["childCount"],
        "area": bag["area"]["code"],
        "batch": bag["batch"] and bag["batch"]["code"],
        "bound_for": bag["boundFor"] and bag["boundFor"]["code"],
        "parent": bag["parent"] and bag["parent"]["code"],
    }
    return {name: bag[name] for name in ("code", "kind", "state", "weight", "capacity")} | links


class TestBag:
    @pytest.mark.parametrize("code", [HERE, HERE_CHILD, THERE])
    def test_equals_rest(self, site, office, code):
        scan(site.people["office"], "dispatch", THERE, area="jaipur", force=True)
        expected = office.get(f"/api/v3/bags/{code}").json()

        bag = query_data(office, f'{{ bag(code: "{code.lower()}") {{ id {BAG_FIELDS} }} }}')["bag"]

        assert int(bag.pop("id")) == expected.pop("id")
        assert as_rest(bag) == expected

    def test_unknown_code_is_null(self, office):
        query = '{ bag(code: "SB99999") { code } batch(code: "NONE") { code } }'

        assert query_data(office, query) == {"bag": None, "batch": None}

    def test_has_children_and_scans(self, office):
        bag = query_data(
            office,
            """query ($code: String!) { bag(code: $code) {
                children { nodes { code parent { code } } pageInfo { hasNextPage } }
                scans(order: oldest) { nodes { step outcome ref undoes actor { username }
                    bag { code } parent { code } area { code } scannedAt } }
                latest: scans(first: 1) { nodes { step } }
            } }""",
            code=HERE,
        )["bag"]

        children = [{"code": code, "parent": {"code": HERE}} for code in (HERE_CHILD, SECOND_CHILD)]
        assert bag["children"] == {"nodes": children, "pageInfo": {"hasNextPage": False}}
        first = Scan.objects.filter(bag__code=HERE).earliest("scanned_at")
        assert bag["scans"]["nodes"] == [
            {
                "step": "register", "outcome": "applied", "ref": str(first.ref), "undoes": None,
                "actor": {"username": "ben"}, "bag": {"code": HERE}, "parent": None,
                "area": {"code": "lucknow"}, "scannedAt": first.scanned_at.isoformat(),
            }
        ]  # fmt: skip
        assert bag["latest"]["nodes"] == [{"step": "register"}]


class TestBatch:
    def test_has_bags_and_hold(self, site, office):
        held = make_batch("LOT-2", held_by=site.people["office"], variety="PM-30")
        assign_batch(held, HERE_CHILD, SECOND_CHILD)

        batch = query_data(
            office,
            """{ batch(code: "lot-2") { code product variety producedOn state held heldReason
                heldBy { username } bagType { capacity childWeight }
                bags(first: 1, kind: child, state: linked) { nodes { code } }
                none: bags(kind: parent) { nodes { code } } } }""",
        )["batch"]

        assert batch == {
            "code": "LOT-2", "product": "Mustard", "variety": "PM-30", "producedOn": "2026-11-01",
            "state": "open", "held": True, "heldReason": "recalled", "heldBy": {"username": "ben"},
            "bagType": {"capacity": 30, "childWeight": "1.000"},
            "bags": {"nodes": [{"code": HERE_CHILD}]}, "none": {"nodes": []},
        }  # fmt: skip


class TestList:
    @pytest.mark.parametrize(
        ("arguments", "parameters"),
        [
            ("kind: parent", "kind=parent"),
            ("state: linked", "state=linked"),
            ('area: "indore"', "area=indore"),
            ('batch: "lot-1"', "batch=lot-1"),
            ('bagType: "moong"', "bag_type=moong"),
            ("loose: true", "loose=true"),
            ("order: newest", "order=-id"),
        ],
    )
    def test_bags_have_the_filters_of_rest(self, office, arguments, parameters):
        query = f"{{ bags({arguments}) {{ nodes {{ code }} }} }}"
        bags = query_data(office, query)["bags"]["nodes"]

        expected = office.get(f"/api/v3/bags?{parameters}").json()["results"]
        assert [bag["code"] for bag in bags] == [row["code"] for row in expected]

    @pytest.mark.parametrize(
        ("order", "parameter"),
        [("newest", "-id"), ("oldest", "id"), ("code", "code"), ("code_backwards", "-code")],
    )
    def test_batches_have_the_orders_of_rest(self, office, order, parameter):
        make_batch("A-1", product="Moong")

        query = f"{{ batches(order: {order}) {{ nodes {{ code }} }} }}"
        batches = query_data(office, query)["batches"]["nodes"]

        expected = office.get(f"/api/v3/batches?order={parameter}").json()["results"]
        assert [batch["code"] for batch in batches] == [row["code"] for row in expected]

    def test_product_filters_batches_by_prefix(self, office):
        make_batch("A-1", product="Moong")

        data = query_data(office, '{ batches(product: "moo") { nodes { code } } }')

        assert data["batches"] == {"nodes": [{"code": "A-1"}]}

    def test_scans_equal_the_stream_of_rest(self, office):
        data = query_data(office, '{ scans(step: link, username: "ben") { nodes { id } } }')
        response = office.get("/api/v3/scans/stream?step=link&username=ben")

        ids = [json.loads(line)["id"] for line in b"".join(response).splitlines()]
        assert [int(row["id"]) for row in data["scans"]["nodes"]] == ids[::-1]


class TestSelection:
    def test_spreads_fragments_and_directives(self, office):
        data = query_data(
            office,
            """query ($deep: Boolean!, $not: Boolean!) {
                bags(first: 1) {
                    ...Page
                    edges { node { children(first: 1) { nodes { state } } } }
                }
                again: bags(first: 1, order: newest) { ...Page }
            }
            fragment Page on BagConnection {
                nodes { ...Sack ... on Bag { kind } children(first: 2) { nodes { kind } } }
            }
            fragment Sack on Bag {
                code @skip(if: $not)
                area @include(if: $deep) { code }
                children(first: 2) @include(if: $deep) { nodes { code } }
            }""",
            deep=True,
            **{"not": False},
        )

        bag = data["bags"]["nodes"][0]
        assert (bag["code"], bag["kind"], bag["area"]) == (HERE, "parent", {"code": "lucknow"})
        assert bag["children"]["nodes"][1] == {"kind": "child", "code": SECOND_CHILD}
        assert data["bags"]["edges"] == [{"node": {"children": {"nodes": [{"state": "linked"}]}}}]
        assert data["again"]["nodes"][0]["children"] == {"nodes": []}

    def test_omits_skipped_fields(self, office):
        query = """query ($deep: Boolean!) {
            bags(first: 1) { nodes { code children @include(if: $deep) { nodes { code } } } } }"""

        assert query_data(office, query, deep=False)["bags"]["nodes"] == [{"code": HERE}]

    def test_same_alias_selects_different_links(self, office):
        """Strawberry-django's optimizer loads only one of them; the field loads the other."""
        data = query_data(
            office,
            f"""{{ bag(code: "{HERE_CHILD}") {{
                a: parent {{ x: area {{ code }} }} b: parent {{ x: bagType {{ name }} }} }}
                bags {{ nodes {{ x: area {{ code }} }}
                    edges {{ node {{ x: parent {{ code }} }} }} }}
            }}""",
        )

        assert data["bag"] == {"a": {"x": {"code": "lucknow"}}, "b": {"x": {"name": "mustard"}}}
        assert data["bags"]["edges"][1] == {"node": {"x": {"code": HERE}}}

    def test_operation_name_selects_an_operation(self, office):
        query = (
            "query a { bags(first: 1) { nodes { code } } } query b { batches { nodes { code } } }"
        )

        body = post(office, "graphql", {"query": query, "operationName": "b"}).json()

        assert body == {"data": {"batches": {"nodes": [{"code": LOT}]}}}
        assert query_error(office, query)["code"] == "query-invalid"

    def test_typename_alone(self, office):
        assert query_data(office, "{ __typename }") == {"__typename": "Query"}


class TestRequest:
    def test_anonymous_is_refused(self, site):
        assert_problem(post_query(Client(), "{ __typename }"), 401, "not-signed-in")

    @pytest.mark.parametrize(("scopes", "status"), [(["scan"], 403), (["read"], 200)])
    def test_token_needs_scope_read(self, site, scopes, status):
        user = site.people["integrator"]
        token = create_token(actor=user, user=user, name="x", scopes=scopes).plain
        client = Client(headers={"Authorization": f"Bearer {token}"})

        assert post_query(client, "{ bags { nodes { code } } }").status_code == status

    def test_session_needs_csrf_token(self, site):
        client = site.client("operator", enforce_csrf_checks=True)

        assert_problem(post_query(client, "{ __typename }"), 403, "csrf-failed")

    @pytest.mark.parametrize("body", [[], [{"query": "{ __typename }"}], "{ __typename }"])
    def test_body_is_one_object(self, office, body):
        assert_problem(post(office, "graphql", body), 400, "bad-request")

    @pytest.mark.parametrize("query", ["mutation { x }", "subscription { x }"])
    def test_only_queries_are_offered(self, office, query):
        assert query_error(office, query)["code"] == "query-invalid"

    def test_get_is_not_allowed(self, office):
        assert_problem(office.get("/api/v3/graphql?query={bags}"), 405, "method-not-allowed")
