"""Users reach the bags of their areas only, by each path of the schema and in each role."""

import pytest

from tests.api_fixtures import HERE, HERE_CHILD, LOT, ROLES, THERE, THERE_CHILD, run_commit_hooks
from tests.factories import scan
from tests.graphql_api.graphql_client import post_query, query_data

BAG = """code parent { code children(first: 5) { nodes { code } } }
    batch { code bags(first: 5) { nodes { code } } }"""
PATHS = {
    "bags": f"{{ bags {{ nodes {{ {BAG} }} }} }}",
    "bags by area": f'{{ bags(area: "indore") {{ nodes {{ {BAG} }} }} }}',
    "bags by batch": f'{{ bags(batch: "{LOT}") {{ edges {{ node {{ {BAG} }} }} }} }}',
    "parent by code": f'{{ bag(code: "{THERE}") {{ {BAG} }} }}',
    "child by code": f'{{ bag(code: "{THERE_CHILD}") {{ {BAG} }} }}',
    "batch by code": f'{{ batch(code: "{LOT}") {{ bags {{ nodes {{ {BAG} }} }} }} }}',
    "batches": f"{{ batches(first: 5) {{ nodes {{ bags(first: 5) {{ nodes {{ {BAG} }} }} }} }} }}",
    "scans": f"{{ scans(first: 20) {{ nodes {{ bag {{ {BAG} }} parent {{ {BAG} }} }} }} }}",
    "scans by area": '{ scans(area: "indore") { nodes { bag { code } parent { code } } } }',
    "scans of another bag": f"""{{ bag(code: "{HERE_CHILD}") {{
        scans {{ nodes {{ bag {{ code }} parent {{ {BAG} }} }} }} }} }}""",
    "links that the optimizer misses": f"""{{ bag(code: "{HERE_CHILD}") {{ scans {{
        nodes {{ x: area {{ code }} y: bag {{ code }} }}
        edges {{ node {{ x: bag {{ code }} y: parent {{ {BAG} }} }} }} }} }} }}""",
    "bag of the own area": f'{{ bag(code: "{HERE}") {{ children {{ nodes {{ {BAG} }} }} }} }}',
}
FOREIGN_CODES = (f'"{THERE}"', f'"{THERE_CHILD}"')
ROLES_OF_ONE_AREA = {"viewer", "operator"}


@pytest.fixture
def site_with_moved_child(site):
    """HERE_CHILD was in THERE before it came back to HERE."""
    ben = site.people["office"]
    scan(ben, "move", HERE_CHILD, THERE, area="indore")
    scan(ben, "move", HERE_CHILD, HERE, area="lucknow")
    run_commit_hooks()
    return site


class TestBagOfForeignArea:
    @pytest.mark.parametrize("role", [role for role in ROLES if role != "anonymous"])
    @pytest.mark.parametrize("path", PATHS)
    def test_is_visible_to_users_of_all_areas_only(self, site_with_moved_child, path, role):
        text = post_query(site_with_moved_child.client(role), PATHS[path]).content.decode()

        is_visible = any(code in text for code in FOREIGN_CODES)
        if role in ROLES_OF_ONE_AREA:
            assert not is_visible, text
        else:
            assert is_visible or path == "bag of the own area", text

    def test_equals_unknown_bag(self, site):
        client = site.client("operator")

        responses = [
            post_query(client, f'{{ bag(code: "{code}") {{ {BAG} }} }}').content
            for code in (THERE, "SB99999")
        ]

        assert responses == [b'{"data":{"bag":null}}'] * 2

    def test_is_visible_while_bound_for_own_area(self, site):
        scan(site.people["office"], "dispatch", THERE, area="lucknow", force=True)
        run_commit_hooks()

        data = query_data(
            site.client("operator"),
            f'{{ bag(code: "{THERE}") {{ boundFor {{ code }} children {{ nodes {{ code }} }} }} }}',
        )

        assert data["bag"] == {
            "boundFor": {"code": "lucknow"},
            "children": {"nodes": [{"code": THERE_CHILD}]},
        }

    def test_user_without_area_gets_empty_lists(self, site):
        site.people["operator"].areas.clear()

        query = "{ bags { nodes { code } } scans { nodes { id } } }"

        assert query_data(site.client("operator"), query) == {
            "bags": {"nodes": []},
            "scans": {"nodes": []},
        }

    def test_removed_area_applies_to_the_next_request(self, site):
        client = site.client("operator")
        query = f'{{ bag(code: "{HERE}") {{ code }} }}'
        assert query_data(client, query)["bag"] == {"code": HERE}

        site.people["operator"].areas.clear()

        assert query_data(client, query)["bag"] is None
