"""The rules of register, link, unlink and move."""

from uuid import uuid5

import pytest

from bags.errors import (
    BagUnknown,
    BatchHeld,
    ChildElsewhere,
    NotLinked,
    ParentComplete,
    ParentDispatched,
    ParentFull,
    WrongKind,
)
from bags.models import Bag
from scans.models import Scan
from tests.factories import (
    assign_batch,
    child_codes,
    make_batch,
    make_loose_child,
    make_parent,
    scan,
)
from tests.scan_assertions import assert_scan_refused, get_bag

pytestmark = pytest.mark.django_db


class TestRegister:
    def test_creates_a_parent(self, ana):
        result = scan(ana, "register", "sb10001")

        bag = get_bag("SB10001")
        assert result.verdict == "applied"
        assert (bag.kind, bag.state, bag.capacity, bag.child_count) == ("parent", "open", 30, 0)
        assert bag.area.code == "lucknow"

    def test_creates_a_child_with_the_weight_of_its_type(self, ana):
        scan(ana, "register", "CB000000001")

        assert (get_bag("CB000000001").state, str(get_bag("CB000000001").weight)) == (
            "loose",
            "1.000",
        )

    def test_of_an_existing_bag_is_already(self, ana):
        make_parent("SB10001")

        assert scan(ana, "register", "SB10001").verdict == "already"
        assert Bag.objects.count() == 1

    def test_assigns_the_batch_on_the_label(self, ana):
        batch = make_batch("LOT-1")

        scan(ana, "register", "CB000000001;lot-1")

        assert get_bag("CB000000001").batch == batch

    def test_ignores_a_lot_without_a_batch(self, ana):
        scan(ana, "register", "CB000000001;LOT-NONE")

        assert get_bag("CB000000001").batch is None

    def test_refuses_another_kind_than_that_of_the_bag(self, ana):
        make_parent("SB10001")

        assert_scan_refused(WrongKind, ana, "register", "SB10001", kind="child")

    def test_refuses_a_code_without_a_matching_type(self, ana):
        assert_scan_refused(BagUnknown, ana, "register", "NOSUCHBAG1")

    def test_refuses_a_kind_that_contradicts_the_pattern(self, ana):
        assert_scan_refused(BagUnknown, ana, "register", "SB10001", kind="child")


class TestLink:
    def test_puts_the_child_into_the_parent(self, ana):
        make_parent("SB10001", area="indore")
        make_loose_child("CB000000001")

        result = scan(ana, "link", "CB000000001", "SB10001")

        child, parent = get_bag("CB000000001"), get_bag("SB10001")
        assert result.verdict == "applied"
        assert (child.parent, child.state, child.area.code) == (parent, "linked", "indore")
        assert (parent.child_count, str(parent.weight)) == (1, "1.000")

    def test_adds_register_rows_for_new_bags(self, ana):
        result = scan(ana, "link", "CB000000001", "SB10001")

        rows = Scan.objects.order_by("id").values_list("bag__code", "step", "ref")
        ref = result.scan.ref
        assert set(rows[:2]) == {
            ("CB000000001", "register", uuid5(ref, "CB000000001")),
            ("SB10001", "register", uuid5(ref, "SB10001")),
        }
        assert list(rows[2:]) == [("CB000000001", "link", ref)]

    def test_completes_the_parent_at_capacity_without_a_ledger_row(self, ana):
        make_parent("M444-10001", children=14)

        scan(ana, "link", "MG000000099", "M444-10001")

        assert (get_bag("M444-10001").state, get_bag("M444-10001").child_count) == ("complete", 15)
        assert not Scan.objects.filter(step="complete").exists()

    def test_into_the_same_parent_again_is_already(self, ana):
        scan(ana, "link", "CB000000001", "SB10001")

        assert scan(ana, "link", "CB000000001", "SB10001").verdict == "already"
        assert get_bag("SB10001").child_count == 1

    def test_refuses_a_child_in_another_parent_and_names_it(self, ana):
        scan(ana, "link", "CB000000001", "SB10001")

        problem = assert_scan_refused(ChildElsewhere, ana, "link", "CB000000001", "SB10002")

        assert problem.facts["parent"] == "SB10001"
        assert problem.facts["by"] == "ana"
        assert "since" in problem.facts
        assert "move" in problem.remedy.lower()

    def test_refuses_a_child_for_a_full_parent(self, ana):
        make_parent("M444-10001", children=15)

        problem = assert_scan_refused(ParentFull, ana, "link", "MG000000099", "M444-10001")

        assert problem.facts == {"parent": "M444-10001", "capacity": 15}
        assert str(problem) == "M444-10001 already holds 15 bags."

    def test_refuses_a_parent_that_was_completed_early(self, ana):
        make_parent("SB10001", children=2)
        scan(ana, "complete", "SB10001")

        assert_scan_refused(ParentComplete, ana, "link", "CB000000099", "SB10001")

    def test_refuses_unknown_codes_before_wrong_kinds(self, ana):
        assert_scan_refused(BagUnknown, ana, "link", "SB10001", "NOSUCHBAG1")

    @pytest.mark.parametrize(
        ("code", "parent"),
        [("SB10002", "SB10001"), ("CB000000001", "CB000000002"), ("MG000000001", "SB10001")],
    )
    def test_refuses_wrong_kinds(self, ana, code, parent):
        assert_scan_refused(WrongKind, ana, "link", code, parent)

    def test_refuses_a_held_batch_and_says_by_whom_and_why(self, ana, ben):
        make_parent("SB10001")
        assign_batch(make_batch("LOT-1", held_by=ben), "SB10001")

        problem = assert_scan_refused(BatchHeld, ana, "link", "CB000000001", "SB10001")

        assert problem.facts["batch"] == "LOT-1"
        assert problem.facts["held_by"] == "ben"
        assert problem.facts["reason"] == "recalled"
        assert problem.facts["held_at"]

    def test_refuses_a_new_child_of_a_held_batch(self, ana, ben):
        make_batch("LOT-1", held_by=ben)

        assert_scan_refused(BatchHeld, ana, "link", "CB000000001;LOT-1", "SB10001")

    def test_reports_child_elsewhere_before_holds_and_holds_before_a_full_parent(self, ana, ben):
        make_parent("M444-10001", children=15)
        assign_batch(make_batch("LOT-1", "moong", held_by=ben), "M444-10001")
        scan(ana, "link", "MG000000098", "M444-10002")

        assert_scan_refused(ChildElsewhere, ana, "link", "MG000000098", "M444-10001")
        assert_scan_refused(BatchHeld, ana, "link", "MG000000099", "M444-10001")


class TestUnlink:
    def test_takes_the_child_out(self, ana):
        scan(ana, "link", "CB000000001", "SB10001")

        scan(ana, "unlink", "CB000000001")

        child, parent = get_bag("CB000000001"), get_bag("SB10001")
        assert (child.parent, child.state) == (None, "loose")
        assert (parent.child_count, str(parent.weight)) == (0, "0.000")

    def test_reopens_a_complete_parent(self, ana):
        make_parent("M444-10001", children=15)

        scan(ana, "unlink", child_codes("M444-10001", 1)[0])

        assert get_bag("M444-10001").state == "open"

    def test_is_refused_for_a_loose_child(self, ana):
        make_loose_child("CB000000001")

        assert_scan_refused(NotLinked, ana, "unlink", "CB000000001")

    def test_is_refused_for_a_parent(self, ana):
        make_parent("SB10001")

        assert_scan_refused(WrongKind, ana, "unlink", "SB10001")

    def test_is_refused_out_of_a_dispatched_parent(self, ana):
        make_parent("M444-10001", children=15)
        scan(ana, "dispatch", "M444-10001", area="jaipur")

        assert_scan_refused(ParentDispatched, ana, "unlink", child_codes("M444-10001", 1)[0])

    def test_is_refused_for_a_held_batch(self, ana, ben):
        scan(ana, "link", "CB000000001", "SB10001")
        assign_batch(make_batch("LOT-1", held_by=ben), "CB000000001")

        assert_scan_refused(BatchHeld, ana, "unlink", "CB000000001")


class TestMove:
    def test_moves_a_child_with_one_ledger_row(self, ana):
        make_parent("M444-10001", children=15)
        make_parent("M444-10002", area="indore")
        code = child_codes("M444-10001", 1)[0]

        scan(ana, "move", code, "M444-10002")

        left, entered = get_bag("M444-10001"), get_bag("M444-10002")
        assert (left.child_count, left.state, entered.child_count) == (14, "open", 1)
        assert (get_bag(code).parent, get_bag(code).area.code) == (entered, "indore")
        assert Scan.objects.filter(step="move").count() == 1

    def test_into_the_same_parent_is_already(self, ana):
        scan(ana, "link", "CB000000001", "SB10001")

        assert scan(ana, "move", "CB000000001", "SB10001").verdict == "already"

    def test_is_refused_for_a_loose_child(self, ana):
        make_loose_child("CB000000001")
        make_parent("SB10001")

        assert_scan_refused(NotLinked, ana, "move", "CB000000001", "SB10001")

    def test_is_refused_into_a_full_parent(self, ana):
        make_parent("M444-10001", children=15)
        scan(ana, "link", "MG000000099", "M444-10002")

        assert_scan_refused(ParentFull, ana, "move", "MG000000099", "M444-10001")

    def test_is_refused_out_of_a_dispatched_parent(self, ana):
        make_parent("M444-10001", children=15)
        make_parent("M444-10002")
        scan(ana, "dispatch", "M444-10001", area="jaipur")

        assert_scan_refused(
            ParentDispatched, ana, "move", child_codes("M444-10001", 1)[0], "M444-10002"
        )
