"""Who sees what in GraphQL: every way to a bag of a foreign area, for every role."""

import pytest

from tests.api_fixtures import HERE, HERE_CHILD, LOT, ROLES, THERE, THERE_CHILD, run_commit_hooks
from tests.factories import scan
from tests.graphql_api.asking import ask, send

BAG = """code parent { code children(first: 5) { nodes { code } } }
    batch { code bags(first: 5) { nodes { code } } }"""
WAYS = {
    "bags": f"{{ bags {{ nodes {{ {BAG} }} }} }}",
    "bags of its area": f'{{ bags(area: "indore") {{ nodes {{ {BAG} }} }} }}',
    "bags of its batch": f'{{ bags(batch: "{LOT}") {{ edges {{ node {{ {BAG} }} }} }} }}',
    "its code": f'{{ bag(code: "{THERE}") {{ {BAG} }} }}',
    "the code of what lies in it": f'{{ bag(code: "{THERE_CHILD}") {{ {BAG} }} }}',
    "its batch": f'{{ batch(code: "{LOT}") {{ bags {{ nodes {{ {BAG} }} }} }} }}',
    "batches": f"{{ batches(first: 5) {{ nodes {{ bags(first: 5) {{ nodes {{ {BAG} }} }} }} }} }}",
    "scans": f"{{ scans(first: 20) {{ nodes {{ bag {{ {BAG} }} parent {{ {BAG} }} }} }} }}",
    "scans of its area": '{ scans(area: "indore") { nodes { bag { code } parent { code } } } }',
    "the scans of another bag": f"""{{ bag(code: "{HERE_CHILD}") {{
        scans {{ nodes {{ bag {{ code }} parent {{ {BAG} }} }} }} }} }}""",
    "a neighbour": f'{{ bag(code: "{HERE}") {{ children {{ nodes {{ {BAG} }} }} }} }}',
}
FOREIGN = (f'"{THERE}"', f'"{THERE_CHILD}"')
BOUND = {"viewer", "operator"}


@pytest.fixture
def moved(site):
    """HERE_CHILD was in THERE for a while."""
    ben = site.people["office"]
    scan(ben, "move", HERE_CHILD, THERE, area="indore")
    scan(ben, "move", HERE_CHILD, HERE, area="lucknow")
    run_commit_hooks()
    return site


class TestABagOfAForeignArea:
    @pytest.mark.parametrize("role", [role for role in ROLES if role != "anonymous"])
    @pytest.mark.parametrize("way", WAYS)
    def test_is_reached_by_who_sees_it_only(self, moved, way, role):
        text = send(moved.client(role), WAYS[way]).content.decode()

        seen = any(code in text for code in FOREIGN)
        if role in BOUND:
            assert not seen, text
        else:
            assert seen or way == "a neighbour", text

    def test_answers_as_one_that_does_not_exist(self, site):
        client = site.client("operator")

        answers = [
            send(client, f'{{ bag(code: "{code}") {{ {BAG} }} }}').content
            for code in (THERE, "SB99999")
        ]

        assert answers == [b'{"data":{"bag":null}}'] * 2

    def test_is_seen_while_it_is_on_its_way_here(self, site):
        scan(site.people["office"], "dispatch", THERE, area="lucknow", force=True)
        run_commit_hooks()

        told = ask(
            site.client("operator"),
            f'{{ bag(code: "{THERE}") {{ boundFor {{ code }} children {{ nodes {{ code }} }} }} }}',
        )

        assert told["bag"] == {
            "boundFor": {"code": "lucknow"},
            "children": {"nodes": [{"code": THERE_CHILD}]},
        }

    def test_is_seen_by_nobody_without_an_area(self, site):
        site.people["operator"].areas.clear()

        told = ask(site.client("operator"), "{ bags { nodes { code } } scans { nodes { id } } }")

        assert told == {"bags": {"nodes": []}, "scans": {"nodes": []}}

    def test_is_seen_no_more_from_the_next_request_on(self, site):
        client = site.client("operator")
        assert ask(client, f'{{ bag(code: "{HERE}") {{ code }} }}')["bag"] == {"code": HERE}

        site.people["operator"].areas.clear()

        assert ask(client, f'{{ bag(code: "{HERE}") {{ code }} }}')["bag"] is None
