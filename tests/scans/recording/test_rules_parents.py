"""The rules of complete, reopen, dispatch, receive, return and inspect."""

import pytest

from bags.errors import BagUnknown, BatchHeld, NotComplete, ParentDispatched, ParentEmpty, WrongKind
from bags.models import Bag
from tests.factories import (
    assign_batch,
    child_codes,
    make_batch,
    make_loose_child,
    make_parent,
    scan,
)
from tests.scan_assertions import assert_scan_refused, get_bag
from tracetrack.errors.problem import Forbidden

pytestmark = pytest.mark.django_db


class TestComplete:
    def test_closes_a_parent_early(self, ana):
        make_parent("SB10001", children=1)

        assert scan(ana, "complete", "SB10001").verdict == "applied"
        assert get_bag("SB10001").state == "complete"
        assert scan(ana, "complete", "SB10001").verdict == "already"

    def test_is_refused_for_an_empty_parent(self, ana):
        make_parent("SB10001")

        assert_scan_refused(ParentEmpty, ana, "complete", "SB10001")

    def test_is_refused_for_a_child(self, ana):
        make_loose_child("CB000000001")

        assert_scan_refused(WrongKind, ana, "complete", "CB000000001")


class TestReopen:
    def test_opens_a_complete_parent(self, ana):
        make_parent("SB10001", children=1)
        scan(ana, "complete", "SB10001")

        assert scan(ana, "reopen", "SB10001").verdict == "applied"
        assert get_bag("SB10001").state == "open"
        assert scan(ana, "reopen", "SB10001").verdict == "already"

    def test_is_refused_for_a_dispatched_parent(self, ana):
        make_parent("M444-10001", children=15)
        scan(ana, "dispatch", "M444-10001", area="jaipur")

        assert_scan_refused(ParentDispatched, ana, "reopen", "M444-10001")


class TestDispatchAndReceive:
    def test_dispatch_sets_the_destination_of_parent_and_children(self, ana):
        make_parent("M444-10001", children=15)
        code = child_codes("M444-10001", 1)[0]

        scan(ana, "dispatch", "M444-10001", area="jaipur")

        for bag in (get_bag("M444-10001"), get_bag(code)):
            assert (bag.area.code, bag.bound_for.code) == ("lucknow", "jaipur")

    def test_receive_moves_parent_and_children_to_the_area(self, ana, ben):
        make_parent("M444-10001", children=15)
        scan(ana, "dispatch", "M444-10001", area="jaipur")

        result = scan(ben, "receive", "M444-10001", area="jaipur")

        assert not result.scan.unexpected
        assert Bag.objects.filter(area__code="jaipur", bound_for=None).count() == 16
        assert get_bag("M444-10001").state == "received"
        assert scan(ben, "receive", "M444-10001", area="jaipur").verdict == "already"

    def test_dispatch_twice_is_already(self, ana):
        make_parent("M444-10001", children=15)
        scan(ana, "dispatch", "M444-10001", area="jaipur")

        assert scan(ana, "dispatch", "M444-10001", area="jaipur").verdict == "already"

    def test_dispatch_is_refused_for_an_open_parent(self, ana):
        make_parent("SB10001", children=1)

        problem = assert_scan_refused(NotComplete, ana, "dispatch", "SB10001", area="jaipur")

        assert (problem.facts["count"], problem.facts["capacity"]) == (1, 30)

    def test_dispatch_may_be_forced_by_the_office_only(self, ana, ben):
        make_parent("SB10001", children=1)

        assert_scan_refused(Forbidden, ana, "dispatch", "SB10001", area="jaipur", force=True)
        assert scan(ben, "dispatch", "SB10001", area="jaipur", force=True).scan.forced

    def test_receive_without_a_dispatch_is_flagged_unexpected(self, ana):
        make_parent("SB10001", children=1)

        assert scan(ana, "receive", "SB10001").scan.unexpected
        assert get_bag("SB10001").state == "received"

    @pytest.mark.parametrize("step", ["dispatch", "receive", "complete", "reopen"])
    def test_are_refused_for_a_held_batch(self, ana, ben, step):
        make_parent("SB10001", children=1)
        assign_batch(make_batch("LOT-1", held_by=ben), "SB10001")

        assert_scan_refused(BatchHeld, ana, step, "SB10001")


class TestParentWithHeldChild:
    @pytest.mark.parametrize("step", ["dispatch", "receive"])
    def test_refuses_to_move(self, ana, ben, step):
        make_parent("M444-10001", children=15)
        assign_batch(make_batch("LOT-1", "moong", held_by=ben), child_codes("M444-10001", 3)[2])

        problem = assert_scan_refused(BatchHeld, ana, step, "M444-10001")

        assert problem.facts["batch"] == "LOT-1"

    def test_refuses_the_undo_of_a_receipt(self, ana, ben):
        make_parent("M444-10001", children=15)
        scan(ana, "dispatch", "M444-10001", area="indore")
        received = scan(ana, "receive", "M444-10001", area="indore")
        assign_batch(make_batch("LOT-1", "moong", held_by=ben), child_codes("M444-10001", 1)[0])

        assert_scan_refused(BatchHeld, ana, "undo", "M444-10001", undoes=received.scan.pk)

    def test_can_be_returned(self, ana, ben):
        make_parent("M444-10001", children=15)
        scan(ana, "dispatch", "M444-10001", area="indore")
        assign_batch(make_batch("LOT-1", "moong", held_by=ben), child_codes("M444-10001", 1)[0])

        assert scan(ana, "return", "M444-10001").verdict == "applied"


class TestReturn:
    def test_takes_a_parent_back_with_its_children(self, ana):
        make_parent("M444-10001", children=15)
        scan(ana, "dispatch", "M444-10001", area="jaipur")

        result = scan(ana, "return", "M444-10001", area="indore")

        assert not result.scan.unexpected
        assert (get_bag("M444-10001").state, get_bag("M444-10001").child_count) == ("returned", 15)
        assert Bag.objects.filter(area__code="indore", bound_for=None).count() == 16
        assert scan(ana, "return", "M444-10001").verdict == "already"

    def test_takes_a_child_out_of_its_parent(self, ana):
        make_parent("M444-10001", children=15)
        code = child_codes("M444-10001", 1)[0]

        scan(ana, "return", code, area="indore")

        assert (get_bag(code).state, get_bag(code).parent, get_bag(code).area.code) == (
            "returned",
            None,
            "indore",
        )
        assert (get_bag("M444-10001").child_count, get_bag("M444-10001").state) == (14, "open")

    def test_is_allowed_for_held_batches(self, ana, ben):
        make_parent("SB10001", children=1)
        assign_batch(make_batch("LOT-1", held_by=ben), "SB10001")

        assert scan(ana, "return", "SB10001").verdict == "applied"

    def test_allows_to_link_the_child_again(self, ana):
        make_loose_child("CB000000001")
        scan(ana, "return", "CB000000001")

        assert scan(ana, "link", "CB000000001", "SB10001").verdict == "applied"


class TestInspect:
    def test_changes_nothing_and_is_allowed_for_held_batches(self, ana, ben):
        make_parent("SB10001", children=1)
        assign_batch(make_batch("LOT-1", held_by=ben), "SB10001")
        before = list(Bag.objects.order_by("id").values_list())

        assert scan(ana, "inspect", "SB10001", note="seal torn").verdict == "applied"
        assert list(Bag.objects.order_by("id").values_list()) == before

    def test_is_refused_for_an_unknown_bag(self, ana):
        assert_scan_refused(BagUnknown, ana, "inspect", "SB99999")
