"""An upload in one transaction: the same as scan by scan, and nobody comes between."""

from uuid import UUID, uuid4

import pytest
from django.db import IntegrityError, OperationalError, connection
from django.utils import timezone

from accounts.roles import Role
from bags.models import Bag
from dashboard.stats.counters import find_drifts
from scans.models import Scan
from scans.recording import bulk
from scans.recording.bulk import record_upload
from scans.recording.record_scan import record_scan
from scans.scan_request import parse_scan_request
from tests.concurrency import run_concurrently
from tests.factories import child_codes, create_reference_data, make_parent, make_user
from tests.scans.recording.test_bulk import NOW, SmallDay, people
from tracetrack.errors.http import as_problem
from tracetrack.errors.problem import Problem

__all__ = ["people"]


def scan_request(step, code, parent=None, area="lucknow", **more):
    given = {"ref": uuid4(), "scanned_at": timezone.now()} | more
    return parse_scan_request(
        {"step": step, "code": code, "parent_code": parent, "area": area} | given
    )


def upload(rows, actor, *, whole=False, areas=None):
    return record_upload(rows, actor=actor, areas=areas, now=timezone.now(), whole=whole)


class Uploaded(SmallDay):
    """A day that one person scanned."""

    def run_concurrently(self, whole=False):
        rows = [row if isinstance(row, Problem) else row[0] for row in self.scans]
        given = {"actor": self.people["asha"], "areas": None, "now": NOW, "whole": whole}
        return [verdict.name for verdict in record_upload(rows, **given)]


class TestAnUpload:
    @pytest.fixture
    def office(self, people):
        return make_user("olive", Role.OFFICE)

    @pytest.mark.parametrize(("seed", "chunk"), [(1, 500), (2, 7), (4, 1)])
    def test_does_what_record_scan_does_one_by_one(self, people, office, monkeypatch, seed, chunk):
        monkeypatch.setattr(bulk, "CHUNK_ROWS", chunk)
        day = Uploaded(seed, dict.fromkeys(people, office))

        singly = day.tried(day.one_by_one)
        at_once = day.tried(day.together)

        assert len(set(singly[0])) > 10
        for ours, theirs in zip(at_once, singly, strict=True):
            assert ours == theirs

    def test_of_all_or_nothing_keeps_nothing_where_one_is_refused(self, people, office):
        day = Uploaded(1, dict.fromkeys(people, office))
        nothing = day.tried(list)

        verdicts, bags, scans = day.tried(lambda: day.together(whole=True))

        assert verdicts == day.tried(day.one_by_one)[0]
        assert (bags, scans) == nothing[1:]

    def test_of_all_or_nothing_keeps_everything_where_none_is(self, people, office):
        children = child_codes("SB10001", 3)
        rows = [scan_request("link", child, "SB10001") for child in children]

        assert [v.name for v in upload(rows, office, whole=True)] == ["applied"] * 3
        assert Scan.objects.count() == 7
        assert find_drifts() == []


@pytest.mark.django_db(transaction=True)
class TestManyAtOnce:
    @pytest.fixture
    def office(self):
        create_reference_data()
        return make_user("olive", Role.OFFICE)

    def test_with_the_same_upload_it_is_recorded_once(self, office):
        rows = [scan_request("link", code, "SB10001") for code in child_codes("SB10001", 20)]

        answers = run_concurrently([lambda: upload(rows, office, whole=True)] * 4)

        named = sorted({verdict.name for verdicts in answers for verdict in verdicts})
        assert named == ["applied", "replayed"]
        assert sum(verdicts[0].name == "applied" for verdicts in answers) == 1
        assert Bag.objects.get(code="SB10001").child_count == 20
        assert Scan.objects.count() == 41

    def test_no_sack_takes_more_than_it_holds(self, office):
        make_parent("M444-10001", 10)
        uploads = [
            [scan_request("link", f"MG9{n}000000{m}", "M444-10001") for m in range(5)]
            for n in range(4)
        ]

        answers = run_concurrently([lambda rows=rows: upload(rows, office) for rows in uploads])

        verdicts = [verdict.name for answer in answers for verdict in answer]
        assert verdicts.count("applied") == 5
        assert set(verdicts) == {"applied", "parent-full"}
        assert Bag.objects.get(code="M444-10001").child_count == 15

    def test_single_scans_of_the_same_come_through_or_are_asked_to_come_again(self, office):
        children = child_codes("SB10001", 12)
        rows = [scan_request("link", code, "SB10001") for code in children]

        def one(row):
            try:
                return record_scan(actor=office, scan_request=row).verdict
            except (Problem, IntegrityError, OperationalError) as error:
                return as_problem(error).code

        answers = run_concurrently(
            [lambda: upload(rows, office), *(lambda row=row: one(row) for row in rows)]
        )

        assert {v.name for v in answers[0]} <= {"applied", "replayed"}
        assert set(answers[1:]) <= {"applied", "replayed", "busy"}
        assert {one(row) for row in rows} == {"replayed"}
        assert Bag.objects.get(code="SB10001").child_count == 12
        assert Scan.objects.filter(ref__in=[row.ref for row in rows]).count() == 12

    def test_takes_no_lock_of_the_server_for_each_scan(self, office):
        rows = [scan_request("register", f"SB{n:08d}", ref=UUID(int=n + 1)) for n in range(3000)]
        held = []
        told = bulk.emit

        def count(event):
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid() "
                    "AND locktype = 'advisory'"
                )
                held.append(cursor.fetchone()[0])
            told(event)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(bulk, "emit", count)
            upload(rows, office)

        # A trigger may just be rolling up the counters of bags and of scans.
        assert held[0] <= 2
        assert Bag.objects.count() == 3000
