"""Undo is a scan like any other: it puts back, and it is refused where something builds on it."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from accounts.roles import Role
from bags.errors import BatchHeld, ReasonMissing
from bags.models import Bag
from scans.errors import AlreadyUndone, NotUndoable, ScanUnknown, UndoDepends, UndoNotAllowed
from scans.history.verification import find_differences
from scans.models import Scan
from tests.factories import (
    assign_batch,
    child_codes,
    make_batch,
    make_loose_child,
    make_parent,
    make_user,
    scan,
)

pytestmark = pytest.mark.django_db


def bags():
    return list(Bag.objects.order_by("id").values_list())


def undo(actor, recorded, **more):
    return scan(actor, "undo", recorded.bag.code, undoes=recorded.scan.pk, **more)


class TestUndo:
    @pytest.mark.parametrize(
        ("step", "code", "parent", "more"),
        [
            ("link", "MG000000099", "M444-10002", {}),
            ("unlink", "child", None, {}),
            ("move", "child", "M444-10002", {}),
            ("reopen", "M444-10001", None, {}),
            ("dispatch", "M444-10001", None, {"area": "jaipur"}),
            ("receive", "M444-10001", None, {"area": "indore"}),
            ("return", "M444-10001", None, {"area": "indore"}),
            ("return", "child", None, {"area": "indore"}),
            ("complete", "M444-10003", None, {}),
        ],
    )
    def test_puts_back_all_that_a_step_changed(self, ana, step, code, parent, more):
        make_parent("M444-10001", children=15)
        make_parent("M444-10002", children=3)
        make_parent("M444-10003", children=2)
        make_loose_child("MG000000099", area="indore")
        code = child_codes("M444-10001", 1)[0] if code == "child" else code
        before = bags()

        recorded = scan(ana, step, code, parent, **more)
        assert bags() != before
        undo(ana, recorded)

        assert bags() == before
        assert list(find_differences()) == []

    def test_keeps_both_rows(self, ana):
        recorded = scan(ana, "link", "CB000000001", "SB10001")
        undo(ana, recorded)

        rows = Scan.objects.order_by("id").values_list("step", "undoes")
        assert list(rows[2:]) == [("link", None), ("undo", recorded.scan.pk)]

    def test_opens_the_parent_that_the_link_had_filled(self, ana):
        make_parent("M444-10001", children=14)
        recorded = scan(ana, "link", "MG000000099", "M444-10001")

        undo(ana, recorded)

        parent = Bag.objects.get(code="M444-10001")
        assert (parent.state, parent.child_count) == ("open", 14)

    def test_of_a_double_scan_touches_no_bag(self, ana):
        scan(ana, "link", "CB000000001", "SB10001")
        again = scan(ana, "link", "CB000000001", "SB10001")
        before = bags()

        undo(ana, again)

        assert bags() == before

    def test_reaches_back_one_scan_after_the_other(self, ana):
        first = scan(ana, "link", "CB000000001", "SB10001")
        second = scan(ana, "link", "CB000000002", "SB10001")
        undo(ana, second)

        undo(ana, first)

        assert Bag.objects.get(code="SB10001").child_count == 0

    def test_sent_twice_with_one_ref_is_replayed(self, ana):
        recorded = scan(ana, "link", "CB000000001", "SB10001")
        content = {"ref": uuid4(), "scanned_at": timezone.now()}
        undo(ana, recorded, **content)

        assert undo(ana, recorded, **content).verdict == "replayed"

    def test_is_refused_twice(self, ana):
        recorded = scan(ana, "link", "CB000000001", "SB10001")
        undo(ana, recorded)

        with pytest.raises(AlreadyUndone):
            undo(ana, recorded)

    def test_is_refused_for_an_older_scan_of_ones_own(self, ana):
        first = scan(ana, "link", "CB000000001", "SB10001")
        scan(ana, "link", "CB000000002", "SB10001")

        with pytest.raises(UndoNotAllowed):
            undo(ana, first)

    def test_is_refused_after_a_quarter_of_an_hour(self, ana):
        now = timezone.now()
        recorded = scan(ana, "link", "CB000000001", "SB10001", now=now)

        with pytest.raises(UndoNotAllowed):
            undo(ana, recorded, now=now + timedelta(minutes=15, seconds=1))
        assert undo(ana, recorded, now=now + timedelta(minutes=15)).verdict == "applied"

    def test_is_refused_for_somebody_elses_scan(self, ana):
        other = make_user("dev", Role.OPERATOR, ["lucknow"])
        recorded = scan(other, "link", "CB000000001", "SB10001")

        with pytest.raises(UndoNotAllowed):
            undo(ana, recorded)

    def test_is_open_to_the_office_for_any_scan_with_a_reason(self, ana, ben):
        recorded = scan(ana, "link", "CB000000001", "SB10001")
        scan(ana, "link", "CB000000002", "SB10001")

        with pytest.raises(ReasonMissing):
            undo(ben, recorded)
        assert undo(ben, recorded, note="wrong sack").verdict == "applied"

    def test_is_refused_where_a_later_scan_builds_on_it(self, ana, ben):
        link = scan(ana, "link", "CB000000001", "SB10001")
        scan(ana, "complete", "SB10001")

        with pytest.raises(UndoDepends) as refusal:
            undo(ben, link, note="slip")
        assert refusal.value.facts["later"].startswith("complete")

    def test_is_refused_where_the_place_was_taken_meanwhile(self, ana, ben):
        make_parent("M444-10001", children=15)
        unlink = scan(ana, "unlink", child_codes("M444-10001", 1)[0])
        scan(ana, "link", "MG000000099", "M444-10001")

        with pytest.raises(UndoDepends):
            undo(ben, unlink, note="slip")

    def test_is_refused_for_a_registration(self, ana):
        recorded = scan(ana, "register", "SB10001")

        with pytest.raises(NotUndoable):
            undo(ana, recorded)

    def test_is_refused_for_an_undo(self, ana):
        undone = undo(ana, scan(ana, "link", "CB000000001", "SB10001"))

        with pytest.raises(NotUndoable):
            undo(ana, undone)

    def test_is_refused_for_another_bags_scan(self, ana):
        recorded = scan(ana, "link", "CB000000001", "SB10001")
        make_loose_child("CB000000002")

        with pytest.raises(ScanUnknown):
            scan(ana, "undo", "CB000000002", undoes=recorded.scan.pk)

    def test_is_refused_for_a_held_batch(self, ana, ben):
        recorded = scan(ana, "link", "CB000000001", "SB10001")
        assign_batch(make_batch("LOT-1", held_by=ben), "CB000000001")

        with pytest.raises(BatchHeld):
            undo(ana, recorded)


class TestTheAnswer:
    @pytest.mark.parametrize("step", ["unlink", "return", "undo"])
    def test_shows_the_count_of_the_sack_that_was_left(self, ana, step):
        make_parent("SB10001", children=2)
        link = scan(ana, "link", "CB000000001", "SB10001")

        more = {"undoes": link.scan.pk} if step == "undo" else {}
        recorded = scan(ana, step, "CB000000001", **more)

        assert (recorded.parent.code, recorded.parent.child_count) == ("SB10001", 2)
