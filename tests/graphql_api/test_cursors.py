"""Cursors continue the list that made them, and no other."""

from urllib.parse import unquote

import pytest

from scans.models import Scan
from tests.api_fixtures import HERE, run_commit_hooks
from tests.factories import child_codes, make_batch, scan
from tests.graphql_api.graphql_client import query_data, query_error

LISTS = {
    "bags": "{ bags(first: 2, after: $after) { %s } }",
    "bags, newest first": "{ bags(first: 2, after: $after, order: newest) { %s } }",
    "scans": "{ scans(first: 2, after: $after) { %s } }",
    "children": '{ bag(code: "SB10001") { children(first: 1, after: $after) { %s } } }',
    "scans of a bag": '{ bag(code: "SB10001") { scans(first: 1, after: $after) { %s } } }',
    "scans of a bag, oldest first": """{ bag(code: "SB10001") {
        scans(first: 1, after: $after, order: oldest) { %s } } }""",
    "bags of a batch": '{ batch(code: "LOT-1") { bags(first: 1, after: $after) { %s } } }',
    "batches": "{ batches(first: 1, after: $after, order: code) { %s } }",
}
PAGE = (
    "nodes { id } edges { cursor } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }"
)


def innermost_page(data):
    """Return the only connection in `data`."""
    while "nodes" not in data and "pageInfo" not in data:
        (data,) = data.values()
    return data


class TestCursor:
    @pytest.mark.parametrize("name", LISTS)
    def test_pages_have_each_row_once(self, site, office, name):
        for code in ("LOT-2", "LOT-3"):
            make_batch(code)
        # Two scans have the same time of the device.
        same_time = Scan.objects.earliest("pk").scanned_at
        for _ in range(2):
            scan(site.people["office"], "inspect", HERE, scanned_at=same_time)
        query = "query ($after: String) " + LISTS[name]
        whole_query = query.replace("first: 1", "first: 100").replace("first: 2", "first: 100")
        whole = innermost_page(query_data(office, whole_query % "nodes { id }"))["nodes"]

        rows, after = [], None
        for _ in whole:
            page = innermost_page(query_data(office, query % PAGE, after=after))
            rows += page["nodes"]
            info = page["pageInfo"]
            assert info["hasPreviousPage"] == (after is not None)
            assert info["startCursor"] == page["edges"][0]["cursor"]
            after = info["endCursor"]
            assert after == page["edges"][-1]["cursor"]
            if not info["hasNextPage"]:
                break

        assert rows == whole
        assert len({row["id"] for row in whole}) == len(whole) > 1

    @pytest.mark.parametrize(
        ("parameters", "arguments"), [("", ""), ("&loose=true", ", loose: true")]
    )
    def test_of_rest_continues_the_list_of_bags(self, site, office, parameters, arguments):
        for code in child_codes("SB90001", 3):
            scan(site.people["office"], "register", code)
        run_commit_hooks()
        url = f"/api/v3/bags?per_page=2{parameters}"
        cursor = office.get(url).json()["next"].partition("cursor=")[2].partition("&")[0]

        data = query_data(
            office,
            f"query ($c: String) {{ bags(first: 2, after: $c{arguments}) {{ nodes {{ id }} }} }}",
            c=unquote(cursor),
        )

        expected = office.get(f"{url}&cursor={cursor}").json()["results"]
        assert [int(row["id"]) for row in data["bags"]["nodes"]] == [row["id"] for row in expected]

    def test_of_rest_continues_the_list_of_batches(self, office):
        for code in ("LOT-2", "LOT-3"):
            make_batch(code)
        url = "/api/v3/batches?per_page=1&held=false"
        cursor = office.get(url).json()["next"].partition("cursor=")[2].partition("&")[0]

        data = query_data(
            office,
            "query ($c: String) { batches(first: 1, after: $c, held: false) { nodes { code } } }",
            c=unquote(cursor),
        )

        expected = office.get(f"{url}&cursor={cursor}").json()["results"]
        assert [row["code"] for row in data["batches"]["nodes"]] == [expected[0]["code"]]

    def test_of_previous_page_in_rest_is_refused(self, office):
        after = office.get("/api/v3/bags?per_page=2").json()["next"]
        previous = unquote(office.get(after).json()["previous"].partition("cursor=")[2])

        query = "query ($after: String) { bags(after: $after) { nodes { id } } }"

        assert query_error(office, query, after=previous)["code"] == "bad-cursor"

    def test_belongs_to_one_list_and_user(self, site, office):
        page = innermost_page(query_data(office, "{ bags(first: 1) { pageInfo { endCursor } } }"))
        cursor = f'"{page["pageInfo"]["endCursor"]}"'
        own_list = f"{{ bags(after: {cursor}) {{ nodes {{ id }} }} }}"

        for query in (
            f"{{ bags(after: {cursor}, kind: child) {{ nodes {{ id }} }} }}",
            f"{{ bags(after: {cursor}, order: newest) {{ nodes {{ id }} }} }}",
            f"{{ scans(after: {cursor}) {{ nodes {{ id }} }} }}",
            f'{{ bag(code: "{HERE}") {{ children(after: {cursor}) {{ nodes {{ id }} }} }} }}',
            '{ bags(after: "made up") { nodes { id } } }',
        ):
            assert query_error(office, query)["code"] == "bad-cursor", query
        assert query_error(site.client("operator"), own_list)["code"] == "bad-cursor"
        assert query_data(office, own_list)

    def test_of_one_parent_is_refused_for_several(self, office):
        children = (
            f'{{ bag(code: "{HERE}") {{ children(first: 1) {{ pageInfo {{ endCursor }} }} }} }}'
        )
        cursor = innermost_page(query_data(office, children))["pageInfo"]["endCursor"]

        query = f'{{ bags {{ nodes {{ children(after: "{cursor}") {{ nodes {{ id }} }} }} }} }}'

        error = query_error(office, query)
        assert error["code"] == "bad-cursor"
        assert error["path"] == ["bags", "nodes", "children"]
