"""The timeline of a bag contains the moves of its parents."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.roles import Role
from bags.models import Bag
from scans.history.timeline import timeline
from scans.queries import latest_scans
from tests.factories import make_parent, make_user, scan

pytestmark = pytest.mark.django_db


def steps(code):
    rows = timeline(Bag.objects.get(code=code))
    return [(row["step"], row["through"]) for row in rows]


class TestTimeline:
    def test_of_a_child_contains_the_moves_of_its_parent(self, ben):
        make_parent("M444-10001", children=14)
        scan(ben, "inspect", "M444-10001")
        scan(ben, "link", "MG000000099", "M444-10001")
        scan(ben, "dispatch", "M444-10001", area="jaipur")
        scan(ben, "receive", "M444-10001", area="jaipur")
        scan(ben, "unlink", "MG000000099", area="jaipur")
        scan(ben, "return", "M444-10001", area="lucknow")

        assert steps("MG000000099") == [
            ("register", None),
            ("link", None),
            ("dispatch", "M444-10001"),
            ("receive", "M444-10001"),
            ("unlink", None),
        ]

    def test_of_a_child_ignores_a_parent_whose_link_was_undone(self, ben):
        make_parent("M444-10001", children=1)
        link = scan(ben, "link", "MG000000099", "M444-10001")
        scan(ben, "undo", "MG000000099", undoes=link.scan.pk)
        scan(ben, "receive", "M444-10001")

        assert steps("MG000000099") == [("register", None), ("link", None), ("undo", None)]
        rows = timeline(Bag.objects.get(code="MG000000099"))
        assert [row["undone"] for row in rows] == [False, True, False]

    def test_of_a_child_follows_the_parent_restored_by_an_undo(self, ben):
        make_parent("M444-10001", children=1)
        scan(ben, "link", "MG000000099", "M444-10001")
        unlink = scan(ben, "unlink", "MG000000099")
        scan(ben, "undo", "MG000000099", undoes=unlink.scan.pk)
        scan(ben, "receive", "M444-10001")

        assert steps("MG000000099")[-1] == ("receive", "M444-10001")

    def test_of_a_parent_contains_links_and_moves_of_children(self, ben):
        make_parent("M444-10001", children=1)
        make_parent("M444-10002")
        scan(ben, "link", "MG000000099", "M444-10001")
        scan(ben, "move", "MG000000099", "M444-10002")

        assert steps("M444-10001") == [
            ("register", None), ("link", None), ("link", None), ("move", None),
        ]  # fmt: skip

    def test_is_ordered_by_scanned_at(self, ben):
        make_parent("SB10001")
        early = timezone.now() - timedelta(days=3)
        scan(ben, "inspect", "SB10001", scanned_at=early, note="offline")

        assert timeline(Bag.objects.get(code="SB10001"))[0]["note"] == "offline"


class TestLatestScans:
    def test_are_limited_to_visible_areas_and_bags(self, ben):
        ana = make_user("ana", Role.OPERATOR, ["lucknow"])
        make_parent("SB10001", area="lucknow")
        make_parent("SB10002", area="jaipur")
        make_parent("SB10003", area="lucknow")
        scan(ben, "receive", "SB10003", area="jaipur")

        assert [row["code"] for row in latest_scans(ana, {"code": "bag__code"})] == ["SB10001"]
        assert len(latest_scans(ben, {"code": "bag__code"})) == 4
