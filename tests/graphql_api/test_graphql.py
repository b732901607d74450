"""POST graphql: what can be asked, and that it is what REST says."""

import json

import pytest
from django.test import Client

from accounts.tokens import create_token
from scans.models import Scan
from tests.api_fixtures import HERE, HERE_CHILD, LOT, THERE, post
from tests.factories import assign_batch, child_codes, make_batch, scan
from tests.graphql_api.asking import ask, refused, send
from tests.problem_assertions import assert_problem

SECOND = child_codes(HERE, 2)[1]
BAG = """
    code kind state weight childCount capacity
    bagType { name } batch { code } area { code } boundFor { code } parent { code }
"""


def as_rest(bag):
    """A bag as REST shows it."""
    named = {
        "bag_type": bag["bagType"]["name"],
        "child_count": bag["childCount"],
        "area": bag["area"]["code"],
        "batch": bag["batch"] and bag["batch"]["code"],
        "bound_for": bag["boundFor"] and bag["boundFor"]["code"],
        "parent": bag["parent"] and bag["parent"]["code"],
    }
    return {name: bag[name] for name in ("code", "kind", "state", "weight", "capacity")} | named


class TestABag:
    @pytest.mark.parametrize("code", [HERE, HERE_CHILD, THERE])
    def test_is_what_rest_says(self, site, office, code):
        scan(site.people["office"], "dispatch", THERE, area="jaipur", force=True)
        row = office.get(f"/api/v3/bags/{code}").json()

        told = ask(office, f'{{ bag(code: "{code.lower()}") {{ id {BAG} }} }}')["bag"]

        assert int(told.pop("id")) == row.pop("id")
        assert as_rest(told) == row

    def test_that_there_is_not_is_null(self, office):
        assert ask(office, '{ bag(code: "SB99999") { code } batch(code: "NONE") { code } }') == {
            "bag": None,
            "batch": None,
        }

    def test_has_children_and_scans(self, office):
        told = ask(
            office,
            """query ($code: String!) { bag(code: $code) {
                children { nodes { code parent { code } } pageInfo { hasNextPage } }
                scans(order: oldest) { nodes { step outcome ref undoes actor { username }
                    bag { code } parent { code } area { code } scannedAt } }
                latest: scans(first: 1) { nodes { step } }
            } }""",
            code=HERE,
        )["bag"]

        children = [{"code": code, "parent": {"code": HERE}} for code in (HERE_CHILD, SECOND)]
        assert told["children"] == {"nodes": children, "pageInfo": {"hasNextPage": False}}
        first = Scan.objects.filter(bag__code=HERE).earliest("scanned_at")
        assert told["scans"]["nodes"] == [
            {
                "step": "register", "outcome": "applied", "ref": str(first.ref), "undoes": None,
                "actor": {"username": "ben"}, "bag": {"code": HERE}, "parent": None,
                "area": {"code": "lucknow"}, "scannedAt": first.scanned_at.isoformat(),
            }
        ]  # fmt: skip
        assert told["latest"]["nodes"] == [{"step": "register"}]


class TestABatch:
    def test_has_its_bags_and_who_holds_it(self, site, office):
        held = make_batch("LOT-2", held_by=site.people["office"], variety="PM-30")
        assign_batch(held, HERE_CHILD, SECOND)

        told = ask(
            office,
            """{ batch(code: "lot-2") { code product variety producedOn state held heldReason
                heldBy { username } bagType { capacity childWeight }
                bags(first: 1, kind: child, state: linked) { nodes { code } }
                none: bags(kind: parent) { nodes { code } } } }""",
        )["batch"]

        assert told == {
            "code": "LOT-2", "product": "Mustard", "variety": "PM-30", "producedOn": "2026-11-01",
            "state": "open", "held": True, "heldReason": "recalled", "heldBy": {"username": "ben"},
            "bagType": {"capacity": 30, "childWeight": "1.000"},
            "bags": {"nodes": [{"code": HERE_CHILD}]}, "none": {"nodes": []},
        }  # fmt: skip


class TestAList:
    def test_of_bags_is_narrowed_as_in_rest(self, office):
        for asked, query in (
            ("kind: parent", "kind=parent"), ("state: linked", "state=linked"),
            ('area: "indore"', "area=indore"), ('batch: "lot-1"', "batch=lot-1"),
            ('bagType: "moong"', "bag_type=moong"), ("loose: true", "loose=true"),
            ("order: newest", "order=-id"),
        ):  # fmt: skip
            told = ask(office, f"{{ bags({asked}) {{ nodes {{ code }} }} }}")["bags"]["nodes"]
            rows = office.get(f"/api/v3/bags?{query}").json()["results"]
            assert [bag["code"] for bag in told] == [row["code"] for row in rows], asked

    def test_of_batches_comes_in_four_orders(self, office):
        make_batch("A-1", product="Moong")
        for order, query in (
            ("newest", "-id"), ("oldest", "id"), ("code", "code"), ("code_backwards", "-code"),
        ):  # fmt: skip
            told = ask(office, f"{{ batches(order: {order}) {{ nodes {{ code }} }} }}")["batches"]
            rows = office.get(f"/api/v3/batches?order={query}").json()["results"]
            assert [one["code"] for one in told["nodes"]] == [row["code"] for row in rows]
        assert ask(office, '{ batches(product: "moo") { nodes { code } } }')["batches"] == {
            "nodes": [{"code": "A-1"}]
        }

    def test_of_scans_is_that_of_rest(self, office):
        told = ask(office, '{ scans(step: link, username: "ben") { nodes { id } } }')["scans"]
        lines = b"".join(office.get("/api/v3/scans/stream?step=link&username=ben")).splitlines()

        ids = [json.loads(line)["id"] for line in lines]
        assert [int(one["id"]) for one in told["nodes"]] == ids[::-1]


class TestTheShape:
    def test_may_be_put_together_from_fragments(self, office):
        told = ask(
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

        sack = told["bags"]["nodes"][0]
        assert (sack["code"], sack["kind"], sack["area"]) == (HERE, "parent", {"code": "lucknow"})
        assert sack["children"]["nodes"][1] == {"kind": "child", "code": SECOND}
        edge = told["bags"]["edges"][0]["node"]
        assert edge == {"children": {"nodes": [{"state": "linked"}]}}
        assert told["again"]["nodes"][0]["children"] == {"nodes": []}

    def test_leaves_out_what_is_skipped(self, office):
        query = """query ($deep: Boolean!) {
            bags(first: 1) { nodes { code children @include(if: $deep) { nodes { code } } } } }"""

        assert ask(office, query, deep=False)["bags"]["nodes"] == [{"code": HERE}]

    def test_may_have_several_operations(self, office):
        query = (
            "query a { bags(first: 1) { nodes { code } } } query b { batches { nodes { code } } }"
        )

        told = post(office, "graphql", {"query": query, "operationName": "b"}).json()

        assert told == {"data": {"batches": {"nodes": [{"code": LOT}]}}}
        assert refused(office, query)["code"] == "query-invalid"

    def test_may_be_nothing(self, office):
        assert ask(office, "{ __typename }") == {"__typename": "Query"}


class TestWhoAsks:
    def test_must_be_signed_in(self, site):
        assert_problem(send(Client(), "{ __typename }"), 401, "not-signed-in")

    def test_needs_a_token_that_reads(self, site):
        ines = site.people["integrator"]
        for scopes, status in ((["scan"], 403), (["read"], 200)):
            token = create_token(actor=ines, user=ines, name="x", scopes=scopes).plain
            client = Client(headers={"Authorization": f"Bearer {token}"})
            assert send(client, "{ bags { nodes { code } } }").status_code == status

    def test_proves_that_it_asks_from_a_page_of_ours(self, site):
        client = site.client("operator", enforce_csrf_checks=True)

        assert_problem(send(client, "{ __typename }"), 403, "csrf-failed")

    @pytest.mark.parametrize("body", [[], [{"query": "{ __typename }"}], "{ __typename }"])
    def test_asks_one_query_at_a_time(self, office, body):
        assert_problem(post(office, "graphql", body), 400, "bad-request")

    def test_reads_only(self, office):
        for query in ("mutation { x }", "subscription { x }"):
            assert refused(office, query)["code"] == "query-invalid"
        assert_problem(office.get("/api/v3/graphql?query={bags}"), 405, "method-not-allowed")
