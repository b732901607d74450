"""Every step, what it does and when it is refused: the table of the domain, row by row."""

from datetime import timedelta
from uuid import uuid4, uuid5

import pytest
from django.utils import timezone

from bags.errors import (
    BadCode,
    BagUnknown,
    BatchHeld,
    ChildElsewhere,
    NotComplete,
    NotLinked,
    ParentComplete,
    ParentDispatched,
    ParentEmpty,
    ParentFull,
    WrongKind,
)
from bags.models import Bag, Batch
from scans.entries import read_entry
from scans.errors import AreaForbidden, BadRow, ClockAhead, RefReused
from scans.models import Scan
from tests.factories import (
    child_codes,
    make_batch,
    make_loose,
    make_parent,
    make_user,
    put_in_batch,
    reference,
    scan,
)
from tracetrack.errors import Forbidden
from tracetrack.roles import Role

pytestmark = pytest.mark.django_db


@pytest.fixture
def ana():
    reference()
    return make_user("ana", Role.OPERATOR, ["lucknow", "indore"])


@pytest.fixture
def ben():
    reference()
    return make_user("ben", Role.OFFICE)


def the(code):
    return Bag.objects.get(code=code)


def refused(problem, *args, **more):
    before = Scan.objects.count(), list(Bag.objects.order_by("id").values_list())
    with pytest.raises(problem) as refusal:
        scan(*args, **more)
    assert (Scan.objects.count(), list(Bag.objects.order_by("id").values_list())) == before
    return refusal.value


class TestRegister:
    def test_brings_a_parent_into_being(self, ana):
        recorded = scan(ana, "register", "sb10001")

        bag = the("SB10001")
        assert recorded.verdict == "applied"
        assert (bag.kind, bag.state, bag.capacity, bag.child_count) == ("parent", "open", 30, 0)
        assert bag.area.code == "lucknow"

    def test_brings_a_child_into_being_with_its_types_weight(self, ana):
        scan(ana, "register", "CB000000001")

        assert (the("CB000000001").state, str(the("CB000000001").weight)) == ("loose", "1.000")

    def test_of_a_known_bag_is_already_done(self, ana):
        make_parent("SB10001")

        assert scan(ana, "register", "SB10001").verdict == "already"
        assert Bag.objects.count() == 1

    def test_attaches_the_lot_on_the_label(self, ana):
        batch = make_batch("LOT-1")

        scan(ana, "register", "CB000000001;lot-1")

        assert the("CB000000001").batch == batch

    def test_leaves_a_lot_that_is_no_batch(self, ana):
        scan(ana, "register", "CB000000001;LOT-NONE")

        assert the("CB000000001").batch is None

    def test_refuses_another_kind_than_is_there(self, ana):
        make_parent("SB10001")

        refused(WrongKind, ana, "register", "SB10001", kind="child")

    def test_refuses_a_code_that_no_type_makes(self, ana):
        refused(BagUnknown, ana, "register", "NOSUCHBAG1")

    def test_refuses_a_kind_that_the_pattern_does_not_make(self, ana):
        refused(BagUnknown, ana, "register", "SB10001", kind="child")


class TestLink:
    def test_puts_the_child_into_the_parent(self, ana):
        make_parent("SB10001", area="indore")
        make_loose("CB000000001")

        recorded = scan(ana, "link", "CB000000001", "SB10001")

        child, parent = the("CB000000001"), the("SB10001")
        assert recorded.verdict == "applied"
        assert (child.parent, child.state, child.area.code) == (parent, "linked", "indore")
        assert (parent.child_count, str(parent.weight)) == (1, "1.000")

    def test_registers_either_with_a_row_of_its_own(self, ana):
        recorded = scan(ana, "link", "CB000000001", "SB10001")

        rows = Scan.objects.order_by("id").values_list("bag__code", "step", "ref")
        ref = recorded.scan.ref
        assert set(rows[:2]) == {
            ("CB000000001", "register", uuid5(ref, "CB000000001")),
            ("SB10001", "register", uuid5(ref, "SB10001")),
        }
        assert list(rows[2:]) == [("CB000000001", "link", ref)]

    def test_completes_the_parent_at_capacity_without_a_row(self, ana):
        make_parent("M444-10001", children=14)

        scan(ana, "link", "MG000000099", "M444-10001")

        assert (the("M444-10001").state, the("M444-10001").child_count) == ("complete", 15)
        assert not Scan.objects.filter(step="complete").exists()

    def test_again_into_the_same_parent_is_already_done(self, ana):
        scan(ana, "link", "CB000000001", "SB10001")

        assert scan(ana, "link", "CB000000001", "SB10001").verdict == "already"
        assert the("SB10001").child_count == 1

    def test_refuses_a_child_that_lies_elsewhere_and_says_where(self, ana):
        scan(ana, "link", "CB000000001", "SB10001")

        problem = refused(ChildElsewhere, ana, "link", "CB000000001", "SB10002")

        assert problem.facts["parent"] == "SB10001"
        assert problem.facts["by"] == "ana"
        assert "since" in problem.facts
        assert "move" in problem.remedy.lower()

    def test_refuses_one_bag_too_many(self, ana):
        make_parent("M444-10001", children=15)

        problem = refused(ParentFull, ana, "link", "MG000000099", "M444-10001")

        assert problem.facts == {"parent": "M444-10001", "capacity": 15}
        assert str(problem) == "M444-10001 already holds 15 bags."

    def test_refuses_a_parent_that_was_completed_early(self, ana):
        make_parent("SB10001", children=2)
        scan(ana, "complete", "SB10001")

        refused(ParentComplete, ana, "link", "CB000000099", "SB10001")

    def test_refuses_unknown_codes_before_wrong_kinds(self, ana):
        refused(BagUnknown, ana, "link", "SB10001", "NOSUCHBAG1")

    @pytest.mark.parametrize(
        ("code", "parent"),
        [("SB10002", "SB10001"), ("CB000000001", "CB000000002"), ("MG000000001", "SB10001")],
    )
    def test_refuses_wrong_kinds(self, ana, code, parent):
        refused(WrongKind, ana, "link", code, parent)

    def test_refuses_a_held_batch_and_says_who_when_and_why(self, ana, ben):
        make_parent("SB10001")
        put_in_batch(make_batch("LOT-1", held_by=ben), "SB10001")

        problem = refused(BatchHeld, ana, "link", "CB000000001", "SB10001")

        assert problem.facts["batch"] == "LOT-1"
        assert problem.facts["held_by"] == "ben"
        assert problem.facts["reason"] == "recalled"
        assert problem.facts["held_at"]

    def test_refuses_a_new_child_whose_lot_is_held(self, ana, ben):
        make_batch("LOT-1", held_by=ben)

        refused(BatchHeld, ana, "link", "CB000000001;LOT-1", "SB10001")

    def test_prefers_child_elsewhere_to_a_hold_and_a_hold_to_a_full_parent(self, ana, ben):
        make_parent("M444-10001", children=15)
        put_in_batch(make_batch("LOT-1", "moong", held_by=ben), "M444-10001")
        scan(ana, "link", "MG000000098", "M444-10002")

        refused(ChildElsewhere, ana, "link", "MG000000098", "M444-10001")
        refused(BatchHeld, ana, "link", "MG000000099", "M444-10001")


class TestUnlink:
    def test_takes_the_child_out(self, ana):
        scan(ana, "link", "CB000000001", "SB10001")

        scan(ana, "unlink", "CB000000001")

        child, parent = the("CB000000001"), the("SB10001")
        assert (child.parent, child.state) == (None, "loose")
        assert (parent.child_count, str(parent.weight)) == (0, "0.000")

    def test_opens_a_complete_parent_again(self, ana):
        make_parent("M444-10001", children=15)

        scan(ana, "unlink", child_codes("M444-10001", 1)[0])

        assert the("M444-10001").state == "open"

    def test_is_refused_for_a_loose_child(self, ana):
        make_loose("CB000000001")

        refused(NotLinked, ana, "unlink", "CB000000001")

    def test_is_refused_for_a_parent(self, ana):
        make_parent("SB10001")

        refused(WrongKind, ana, "unlink", "SB10001")

    def test_is_refused_out_of_a_dispatched_parent(self, ana):
        make_parent("M444-10001", children=15)
        scan(ana, "dispatch", "M444-10001", area="jaipur")

        refused(ParentDispatched, ana, "unlink", child_codes("M444-10001", 1)[0])

    def test_is_refused_for_a_held_batch(self, ana, ben):
        scan(ana, "link", "CB000000001", "SB10001")
        put_in_batch(make_batch("LOT-1", held_by=ben), "CB000000001")

        refused(BatchHeld, ana, "unlink", "CB000000001")


class TestMove:
    def test_is_one_act_from_one_parent_to_another(self, ana):
        make_parent("M444-10001", children=15)
        make_parent("M444-10002", area="indore")
        code = child_codes("M444-10001", 1)[0]

        scan(ana, "move", code, "M444-10002")

        left, entered = the("M444-10001"), the("M444-10002")
        assert (left.child_count, left.state, entered.child_count) == (14, "open", 1)
        assert (the(code).parent, the(code).area.code) == (entered, "indore")
        assert Scan.objects.filter(step="move").count() == 1

    def test_into_the_same_parent_is_already_done(self, ana):
        scan(ana, "link", "CB000000001", "SB10001")

        assert scan(ana, "move", "CB000000001", "SB10001").verdict == "already"

    def test_is_refused_for_a_loose_child(self, ana):
        make_loose("CB000000001")
        make_parent("SB10001")

        refused(NotLinked, ana, "move", "CB000000001", "SB10001")

    def test_is_refused_into_a_full_parent(self, ana):
        make_parent("M444-10001", children=15)
        scan(ana, "link", "MG000000099", "M444-10002")

        refused(ParentFull, ana, "move", "MG000000099", "M444-10001")

    def test_is_refused_out_of_a_dispatched_parent(self, ana):
        make_parent("M444-10001", children=15)
        make_parent("M444-10002")
        scan(ana, "dispatch", "M444-10001", area="jaipur")

        refused(ParentDispatched, ana, "move", child_codes("M444-10001", 1)[0], "M444-10002")


class TestComplete:
    def test_closes_a_parent_early(self, ana):
        make_parent("SB10001", children=1)

        assert scan(ana, "complete", "SB10001").verdict == "applied"
        assert the("SB10001").state == "complete"
        assert scan(ana, "complete", "SB10001").verdict == "already"

    def test_is_refused_for_an_empty_parent(self, ana):
        make_parent("SB10001")

        refused(ParentEmpty, ana, "complete", "SB10001")

    def test_is_refused_for_a_child(self, ana):
        make_loose("CB000000001")

        refused(WrongKind, ana, "complete", "CB000000001")


class TestReopen:
    def test_opens_a_complete_parent(self, ana):
        make_parent("SB10001", children=1)
        scan(ana, "complete", "SB10001")

        assert scan(ana, "reopen", "SB10001").verdict == "applied"
        assert the("SB10001").state == "open"
        assert scan(ana, "reopen", "SB10001").verdict == "already"

    def test_is_refused_for_a_dispatched_parent(self, ana):
        make_parent("M444-10001", children=15)
        scan(ana, "dispatch", "M444-10001", area="jaipur")

        refused(ParentDispatched, ana, "reopen", "M444-10001")


class TestDispatchAndReceive:
    def test_send_a_sack_and_its_children_to_an_area(self, ana):
        make_parent("M444-10001", children=15)
        code = child_codes("M444-10001", 1)[0]

        scan(ana, "dispatch", "M444-10001", area="jaipur")

        for bag in (the("M444-10001"), the(code)):
            assert (bag.area.code, bag.bound_for.code) == ("lucknow", "jaipur")

    def test_bring_a_sack_and_its_children_into_an_area(self, ana, ben):
        make_parent("M444-10001", children=15)
        scan(ana, "dispatch", "M444-10001", area="jaipur")

        recorded = scan(ben, "receive", "M444-10001", area="jaipur")

        assert not recorded.scan.unexpected
        assert Bag.objects.filter(area__code="jaipur", bound_for=None).count() == 16
        assert the("M444-10001").state == "received"
        assert scan(ben, "receive", "M444-10001", area="jaipur").verdict == "already"

    def test_dispatch_twice_is_already_done(self, ana):
        make_parent("M444-10001", children=15)
        scan(ana, "dispatch", "M444-10001", area="jaipur")

        assert scan(ana, "dispatch", "M444-10001", area="jaipur").verdict == "already"

    def test_dispatch_is_refused_for_an_open_sack(self, ana):
        make_parent("SB10001", children=1)

        problem = refused(NotComplete, ana, "dispatch", "SB10001", area="jaipur")

        assert (problem.facts["count"], problem.facts["capacity"]) == (1, 30)

    def test_dispatch_may_be_forced_by_the_office_only(self, ana, ben):
        make_parent("SB10001", children=1)

        refused(Forbidden, ana, "dispatch", "SB10001", area="jaipur", force=True)
        assert scan(ben, "dispatch", "SB10001", area="jaipur", force=True).scan.forced

    def test_receipt_of_what_nobody_sent_is_accepted_and_flagged(self, ana):
        make_parent("SB10001", children=1)

        assert scan(ana, "receive", "SB10001").scan.unexpected
        assert the("SB10001").state == "received"

    @pytest.mark.parametrize("step", ["dispatch", "receive", "complete", "reopen"])
    def test_are_refused_for_a_held_batch(self, ana, ben, step):
        make_parent("SB10001", children=1)
        put_in_batch(make_batch("LOT-1", held_by=ben), "SB10001")

        refused(BatchHeld, ana, step, "SB10001")


class TestReturn:
    def test_brings_a_sack_back_with_what_lies_in_it(self, ana):
        make_parent("M444-10001", children=15)
        scan(ana, "dispatch", "M444-10001", area="jaipur")

        recorded = scan(ana, "return", "M444-10001", area="indore")

        assert not recorded.scan.unexpected
        assert (the("M444-10001").state, the("M444-10001").child_count) == ("returned", 15)
        assert Bag.objects.filter(area__code="indore", bound_for=None).count() == 16
        assert scan(ana, "return", "M444-10001").verdict == "already"

    def test_takes_a_child_out_of_its_parent(self, ana):
        make_parent("M444-10001", children=15)
        code = child_codes("M444-10001", 1)[0]

        scan(ana, "return", code, area="indore")

        assert (the(code).state, the(code).parent, the(code).area.code) == (
            "returned",
            None,
            "indore",
        )
        assert (the("M444-10001").child_count, the("M444-10001").state) == (14, "open")

    def test_is_open_to_held_batches(self, ana, ben):
        make_parent("SB10001", children=1)
        put_in_batch(make_batch("LOT-1", held_by=ben), "SB10001")

        assert scan(ana, "return", "SB10001").verdict == "applied"

    def test_lets_a_returned_child_be_linked_again(self, ana):
        make_loose("CB000000001")
        scan(ana, "return", "CB000000001")

        assert scan(ana, "link", "CB000000001", "SB10001").verdict == "applied"


class TestInspect:
    def test_changes_nothing_and_is_open_to_held_batches(self, ana, ben):
        make_parent("SB10001", children=1)
        put_in_batch(make_batch("LOT-1", held_by=ben), "SB10001")
        before = list(Bag.objects.order_by("id").values_list())

        assert scan(ana, "inspect", "SB10001", note="seal torn").verdict == "applied"
        assert list(Bag.objects.order_by("id").values_list()) == before

    def test_is_refused_for_an_unknown_bag(self, ana):
        refused(BagUnknown, ana, "inspect", "SB99999")


class TestTheFirstFault:
    def test_is_the_code_even_where_all_else_is_wrong(self):
        with pytest.raises(BadCode):
            read_entry({"code": "=CMD()", "step": "teleport", "ref": "42"})

    def test_is_the_row_before_the_clock(self, ana):
        ahead = timezone.now() + timedelta(days=400)

        refused(BadRow, ana, "inspect", "SB10001", area="atlantis", scanned_at=ahead)

    def test_is_the_clock_before_the_ref(self, ana):
        first = scan(ana, "link", "CB000000001", "SB10001")
        ahead = timezone.now() + timedelta(minutes=11)

        refused(ClockAhead, ana, "inspect", "SB10001", ref=first.scan.ref, scanned_at=ahead)

    def test_is_the_ref_before_the_step(self, ana):
        first = scan(ana, "link", "CB000000001", "SB10001")

        refused(RefReused, ana, "inspect", "NOSUCHBAG1", ref=first.scan.ref)

    def test_allows_a_clock_ten_minutes_ahead(self, ana):
        now = timezone.now()
        make_parent("SB10001")

        at = now + timedelta(minutes=10)
        assert scan(ana, "inspect", "SB10001", now=now, scanned_at=at).verdict == "applied"


class TestARef:
    def test_sent_again_with_the_same_content_gets_the_first_answer(self, ana):
        content = {"ref": uuid4(), "scanned_at": timezone.now()}
        first = scan(ana, "link", "CB000000001", "SB10001", **content)

        again = scan(ana, "link", " cb000000001", "sb10001", **content)

        assert again.verdict == "replayed"
        assert again.scan == first.scan
        assert again.parent.child_count == 1
        assert Scan.objects.filter(step="link").count() == 1

    @pytest.mark.parametrize(
        "other",
        [
            {"code": "CB000000002"},
            {"parent_code": "SB10002"},
            {"step": "move"},
            {"area": "indore"},
            {"scanned_at": timezone.now() - timedelta(hours=1)},
        ],
    )
    def test_sent_again_with_other_content_is_refused(self, ana, other):
        content = {
            "ref": uuid4(),
            "scanned_at": timezone.now(),
            "step": "link",
            "code": "CB000000001",
            "parent_code": "SB10001",
        }
        scan(ana, **content)

        refused(RefReused, ana, **content | other)

    def test_is_claimed_by_what_was_already_done(self, ana):
        scan(ana, "link", "CB000000001", "SB10001")
        ref = uuid4()
        scan(ana, "link", "CB000000001", "SB10001", ref=ref)

        refused(RefReused, ana, "inspect", "SB10001", ref=ref)

    def test_is_not_claimed_by_a_refusal(self, ana):
        ref = uuid4()
        refused(BagUnknown, ana, "inspect", "SB10001", ref=ref)
        make_parent("SB10001")

        assert scan(ana, "inspect", "SB10001", ref=ref).verdict == "applied"


class TestAnOperator:
    def test_does_not_touch_bags_of_other_areas(self, ana):
        make_parent("SB10001", area="jaipur")

        problem = refused(BagUnknown, ana, "inspect", "SB10001")
        nothing = refused(BagUnknown, ana, "inspect", "SB10009")

        assert str(problem).replace("SB10001", "") == str(nothing).replace("SB10009", "")

    def test_scans_only_where_he_works(self, ana):
        refused(AreaForbidden, ana, "register", "SB10001", area="jaipur")

    def test_touches_what_is_on_its_way_to_him(self, ana, ben):
        make_parent("M444-10001", children=15, area="jaipur")
        scan(ben, "dispatch", "M444-10001", area="indore")

        assert scan(ana, "receive", "M444-10001", area="indore").verdict == "applied"


class TestAClosedBatch:
    def test_takes_no_new_bags(self, ana):
        make_batch("LOT-1", state=Batch.State.CLOSED)

        problem = refused(Exception, ana, "register", "CB000000001;LOT-1")

        assert problem.code == "batch-closed"
