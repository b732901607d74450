"""Lists in GraphQL go on behind cursors, which are good for one list only."""

from urllib.parse import unquote

import pytest

from scans.models import Scan
from tests.api_fixtures import HERE
from tests.factories import make_batch, scan
from tests.graphql_api.asking import ask, refused

PAGES = {
    "bags": "{ bags(first: 2, after: $after) { %s } }",
    "bags backwards": "{ bags(first: 2, after: $after, order: newest) { %s } }",
    "scans": "{ scans(first: 2, after: $after) { %s } }",
    "children": '{ bag(code: "SB10001") { children(first: 1, after: $after) { %s } } }',
    "scans of a bag": '{ bag(code: "SB10001") { scans(first: 1, after: $after) { %s } } }',
    "its scans, oldest first": """{ bag(code: "SB10001") {
        scans(first: 1, after: $after, order: oldest) { %s } } }""",
    "bags in a batch": '{ batch(code: "LOT-1") { bags(first: 1, after: $after) { %s } } }',
    "batches": "{ batches(first: 1, after: $after, order: code) { %s } }",
}
PAGE = (
    "nodes { id } edges { cursor } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }"
)


def inner(told):
    while "nodes" not in told:
        (told,) = told.values()
    return told


class TestACursor:
    @pytest.mark.parametrize("name", PAGES)
    def test_leads_through_all_of_it_once(self, site, office, name):
        for code in ("LOT-2", "LOT-3"):
            make_batch(code)
        # Two in the same instant, by the device's clock.
        for _ in range(2):
            scan(site.people["office"], "inspect", HERE, scanned_at=_moment())
        query = "query ($after: String) " + PAGES[name]
        everything = query.replace("first: 1", "first: 100").replace("first: 2", "first: 100")
        whole = [row["id"] for row in inner(ask(office, everything % "nodes { id }"))["nodes"]]

        seen, after = [], None
        for _ in whole:
            page = inner(ask(office, query % PAGE, after=after))
            seen += [row["id"] for row in page["nodes"]]
            info = page["pageInfo"]
            assert info["hasPreviousPage"] == (after is not None)
            assert info["startCursor"] == page["edges"][0]["cursor"]
            after = info["endCursor"]
            assert after == page["edges"][-1]["cursor"]
            if not info["hasNextPage"]:
                break

        assert seen == whole
        assert len(set(whole)) == len(whole) > 1

    def test_of_rest_is_good_here(self, office):
        follow = office.get("/api/v3/bags?per_page=2").json()["next"].partition("cursor=")[2]
        told = ask(
            office,
            "query ($after: String) { bags(first: 2, after: $after) { nodes { id } } }",
            after=follow.replace("%3A", ":"),
        )
        rest = office.get(f"/api/v3/bags?per_page=2&cursor={follow}").json()["results"]

        assert [int(one["id"]) for one in told["bags"]["nodes"]] == [row["id"] for row in rest]

    def test_that_leads_back_in_rest_is_none(self, office):
        after = office.get("/api/v3/bags?per_page=2").json()["next"]
        back = unquote(office.get(after).json()["previous"].partition("cursor=")[2])

        query = "query ($after: String) { bags(after: $after) { nodes { id } } }"

        assert refused(office, query, after=back)["code"] == "bad-cursor"

    def test_belongs_to_its_list_and_its_account(self, site, office):
        cursor = '"' + ask(office, "{ bags(first: 1) { pageInfo { endCursor } } }")["bags"][
            "pageInfo"
        ]["endCursor"] + '"'  # fmt: skip
        others = [
            f"{{ bags(after: {cursor}, kind: child) {{ nodes {{ id }} }} }}",
            f"{{ bags(after: {cursor}, order: newest) {{ nodes {{ id }} }} }}",
            f"{{ scans(after: {cursor}) {{ nodes {{ id }} }} }}",
            f'{{ bag(code: "{HERE}") {{ children(after: {cursor}) {{ nodes {{ id }} }} }} }}',
            '{ bags(after: "made up") { nodes { id } } }',
        ]

        for query in others:
            assert refused(office, query)["code"] == "bad-cursor", query
        mine = f"{{ bags(after: {cursor}) {{ nodes {{ id }} }} }}"
        assert refused(site.client("operator"), mine)["code"] == "bad-cursor"

    def test_of_one_bag_is_none_of_another(self, office):
        children = (
            f'{{ bag(code: "{HERE}") {{ children(first: 1) {{ pageInfo {{ endCursor }} }} }} }}'
        )
        cursor = inner_cursor(ask(office, children))

        query = f'{{ bags {{ nodes {{ children(after: "{cursor}") {{ nodes {{ id }} }} }} }} }}'

        assert refused(office, query)["code"] == "bad-cursor"


def inner_cursor(told):
    return told["bag"]["children"]["pageInfo"]["endCursor"]


def _moment():
    return Scan.objects.earliest("pk").scanned_at
