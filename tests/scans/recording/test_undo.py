"""The step `undo`: its effect and its errors."""

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


def undo(actor, result, **more):
    return scan(actor, "undo", result.bag.code, undoes=result.scan.pk, **more)


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
    def test_restores_everything_that_a_step_changed(self, ana, step, code, parent, more):
        make_parent("M444-10001", children=15)
        make_parent("M444-10002", children=3)
        make_parent("M444-10003", children=2)
        make_loose_child("MG000000099", area="indore")
        code = child_codes("M444-10001", 1)[0] if code == "child" else code
        before = bags()

        result = scan(ana, step, code, parent, **more)
        assert bags() != before
        undo(ana, result)

        assert bags() == before
        assert list(find_differences()) == []

    def test_keeps_both_ledger_rows(self, ana):
        result = scan(ana, "link", "CB000000001", "SB10001")
        undo(ana, result)

        rows = Scan.objects.order_by("id").values_list("step", "undoes")
        assert list(rows[2:]) == [("link", None), ("undo", result.scan.pk)]

    def test_reopens_a_parent_that_the_link_filled(self, ana):
        make_parent("M444-10001", children=14)
        result = scan(ana, "link", "MG000000099", "M444-10001")

        undo(ana, result)

        parent = Bag.objects.get(code="M444-10001")
        assert (parent.state, parent.child_count) == ("open", 14)

    def test_of_an_already_scan_changes_no_bag(self, ana):
        scan(ana, "link", "CB000000001", "SB10001")
        again = scan(ana, "link", "CB000000001", "SB10001")
        before = bags()

        undo(ana, again)

        assert bags() == before

    def test_can_be_repeated_for_earlier_scans(self, ana):
        first = scan(ana, "link", "CB000000001", "SB10001")
        second = scan(ana, "link", "CB000000002", "SB10001")
        undo(ana, second)

        undo(ana, first)

        assert Bag.objects.get(code="SB10001").child_count == 0

    def test_with_the_same_ref_is_replayed(self, ana):
        result = scan(ana, "link", "CB000000001", "SB10001")
        content = {"ref": uuid4(), "scanned_at": timezone.now()}
        undo(ana, result, **content)

        assert undo(ana, result, **content).verdict == "replayed"

    def test_of_an_undone_scan_is_refused(self, ana):
        result = scan(ana, "link", "CB000000001", "SB10001")
        undo(ana, result)

        with pytest.raises(AlreadyUndone):
            undo(ana, result)

    def test_of_an_older_own_scan_is_refused(self, ana):
        first = scan(ana, "link", "CB000000001", "SB10001")
        scan(ana, "link", "CB000000002", "SB10001")

        with pytest.raises(UndoNotAllowed):
            undo(ana, first)

    def test_is_refused_after_15_minutes(self, ana):
        now = timezone.now()
        result = scan(ana, "link", "CB000000001", "SB10001", now=now)

        with pytest.raises(UndoNotAllowed):
            undo(ana, result, now=now + timedelta(minutes=15, seconds=1))
        assert undo(ana, result, now=now + timedelta(minutes=15)).verdict == "applied"

    def test_of_another_users_scan_is_refused(self, ana):
        other = make_user("dev", Role.OPERATOR, ["lucknow"])
        result = scan(other, "link", "CB000000001", "SB10001")

        with pytest.raises(UndoNotAllowed):
            undo(ana, result)

    def test_of_any_scan_is_allowed_for_the_office_with_a_reason(self, ana, ben):
        result = scan(ana, "link", "CB000000001", "SB10001")
        scan(ana, "link", "CB000000002", "SB10001")

        with pytest.raises(ReasonMissing):
            undo(ben, result)
        assert undo(ben, result, note="wrong sack").verdict == "applied"

    def test_is_refused_if_a_later_scan_depends_on_it(self, ana, ben):
        link = scan(ana, "link", "CB000000001", "SB10001")
        scan(ana, "complete", "SB10001")

        with pytest.raises(UndoDepends) as refusal:
            undo(ben, link, note="slip")
        assert refusal.value.facts["later"].startswith("complete")

    def test_is_refused_if_the_place_in_the_parent_was_taken(self, ana, ben):
        make_parent("M444-10001", children=15)
        unlink = scan(ana, "unlink", child_codes("M444-10001", 1)[0])
        scan(ana, "link", "MG000000099", "M444-10001")

        with pytest.raises(UndoDepends):
            undo(ben, unlink, note="slip")

    def test_of_a_registration_is_refused(self, ana):
        result = scan(ana, "register", "SB10001")

        with pytest.raises(NotUndoable):
            undo(ana, result)

    def test_of_an_undo_is_refused(self, ana):
        undone = undo(ana, scan(ana, "link", "CB000000001", "SB10001"))

        with pytest.raises(NotUndoable):
            undo(ana, undone)

    def test_of_a_scan_of_another_bag_is_refused(self, ana):
        result = scan(ana, "link", "CB000000001", "SB10001")
        make_loose_child("CB000000002")

        with pytest.raises(ScanUnknown):
            scan(ana, "undo", "CB000000002", undoes=result.scan.pk)

    def test_is_refused_for_a_held_batch(self, ana, ben):
        result = scan(ana, "link", "CB000000001", "SB10001")
        assign_batch(make_batch("LOT-1", held_by=ben), "CB000000001")

        with pytest.raises(BatchHeld):
            undo(ana, result)


class TestScanResult:
    @pytest.mark.parametrize("step", ["unlink", "return", "undo"])
    def test_has_the_parent_that_the_child_left(self, ana, step):
        make_parent("SB10001", children=2)
        link = scan(ana, "link", "CB000000001", "SB10001")

        more = {"undoes": link.scan.pk} if step == "undo" else {}
        result = scan(ana, step, "CB000000001", **more)

        assert (result.parent.code, result.parent.child_count) == ("SB10001", 2)
