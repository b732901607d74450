"""record_scan() for every step: precedence of errors, refs and permissions."""

from datetime import timedelta
from uuid import uuid4, uuid5

import pytest
from django.utils import timezone

from bags.errors import BadCode, BagUnknown, BatchClosed
from bags.models import Area, Batch
from scans.errors import AreaForbidden, ClockAhead, RefReused
from scans.models import Scan
from scans.scan_request import parse_scan_request
from tests.factories import make_batch, make_parent, scan
from tests.scan_assertions import assert_scan_refused
from tracetrack.errors.problem import BadRow

pytestmark = pytest.mark.django_db


class TestPrecedence:
    def test_reports_the_code_before_other_fields(self):
        with pytest.raises(BadCode):
            parse_scan_request({"code": "=CMD()", "step": "teleport", "ref": "42"})

    def test_reports_the_row_before_the_clock(self, ana):
        future = timezone.now() + timedelta(days=400)

        assert_scan_refused(BadRow, ana, "inspect", "SB10001", area="atlantis", scanned_at=future)

    def test_reports_the_clock_before_the_ref(self, ana):
        first = scan(ana, "link", "CB000000001", "SB10001")
        future = timezone.now() + timedelta(minutes=11)

        assert_scan_refused(
            ClockAhead, ana, "inspect", "SB10001", ref=first.scan.ref, scanned_at=future
        )

    def test_reports_the_ref_before_the_step(self, ana):
        first = scan(ana, "link", "CB000000001", "SB10001")

        assert_scan_refused(RefReused, ana, "inspect", "NOSUCHBAG1", ref=first.scan.ref)

    def test_allows_a_clock_skew_of_10_minutes(self, ana):
        now = timezone.now()
        make_parent("SB10001")

        at = now + timedelta(minutes=10)
        assert scan(ana, "inspect", "SB10001", now=now, scanned_at=at).verdict == "applied"


class TestRef:
    def test_with_the_same_content_is_replayed(self, ana):
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
    def test_with_other_content_is_refused(self, ana, other):
        content = {
            "ref": uuid4(),
            "scanned_at": timezone.now(),
            "step": "link",
            "code": "CB000000001",
            "parent_code": "SB10001",
        }
        scan(ana, **content)

        assert_scan_refused(RefReused, ana, **content | other)

    def test_is_replayed_after_its_area_was_deactivated(self, ana):
        make_parent("SB10001")
        content = {"ref": uuid4(), "scanned_at": timezone.now()}
        scan(ana, "inspect", "SB10001", **content)
        Area.objects.filter(code="lucknow").update(active=False)

        assert scan(ana, "inspect", "SB10001", **content).verdict == "replayed"
        assert_scan_refused(BadRow, ana, "inspect", "SB10001")

    def test_of_an_already_scan_is_recorded(self, ana):
        scan(ana, "link", "CB000000001", "SB10001")
        ref = uuid4()
        scan(ana, "link", "CB000000001", "SB10001", ref=ref)

        assert_scan_refused(RefReused, ana, "inspect", "SB10001", ref=ref)

    def test_of_an_implicit_registration_may_be_taken(self, ana):
        make_parent("SB10001")
        ref = uuid4()
        scan(ana, "inspect", "SB10001", ref=uuid5(ref, "CB000000001"))

        assert_scan_refused(RefReused, ana, "link", "CB000000001", "SB10001", ref=ref)

    def test_of_a_refused_scan_can_be_used_again(self, ana):
        ref = uuid4()
        assert_scan_refused(BagUnknown, ana, "inspect", "SB10001", ref=ref)
        make_parent("SB10001")

        assert scan(ana, "inspect", "SB10001", ref=ref).verdict == "applied"


class TestOperator:
    def test_does_not_see_bags_of_other_areas(self, ana):
        make_parent("SB10001", area="jaipur")

        problem = assert_scan_refused(BagUnknown, ana, "inspect", "SB10001")
        nothing = assert_scan_refused(BagUnknown, ana, "inspect", "SB10009")

        assert str(problem).replace("SB10001", "") == str(nothing).replace("SB10009", "")

    def test_scans_only_in_own_areas(self, ana):
        assert_scan_refused(AreaForbidden, ana, "register", "SB10001", area="jaipur")

    def test_sees_bags_on_their_way_to_an_own_area(self, ana, ben):
        make_parent("M444-10001", children=15, area="jaipur")
        scan(ben, "dispatch", "M444-10001", area="indore")

        assert scan(ana, "receive", "M444-10001", area="indore").verdict == "applied"


class TestClosedBatch:
    def test_takes_no_new_bags(self, ana):
        make_batch("LOT-1", state=Batch.State.CLOSED)

        problem = assert_scan_refused(BatchClosed, ana, "register", "CB000000001;LOT-1")

        assert problem.code == "batch-closed"
