"""Uploads in one transaction: equal to single scans, and safe against concurrent ones."""

from uuid import UUID

import pytest
from django.db import IntegrityError, OperationalError, connection

from accounts.roles import Role
from bags.models import Bag
from dashboard.stats.counters import find_drifts
from scans.models import Scan
from scans.recording import bulk
from scans.recording.bulk import record_upload
from scans.recording.record_scan import record_scan
from tests.concurrency import run_concurrently
from tests.factories import child_codes, create_reference_data, make_parent, make_user
from tests.recorded_day import NOW, RecordedDay, new_request
from tracetrack.errors.http import as_problem
from tracetrack.errors.problem import Problem


def record(rows, actor, *, whole=False, areas=None):
    return record_upload(rows, actor=actor, areas=areas, now=NOW, whole=whole)


class TestRecordUpload:
    @pytest.fixture
    def office(self, actors):
        return make_user("olive", Role.OFFICE)

    @pytest.mark.parametrize(("seed", "chunk"), [(1, 500), (2, 7), (4, 1)])
    def test_equals_record_scan_for_each_row(self, actors, office, monkeypatch, seed, chunk):
        monkeypatch.setattr(bulk, "CHUNK_ROWS", chunk)
        day = RecordedDay(seed, dict.fromkeys(actors, office))

        singly = day.run_and_roll_back(day.record_singly)
        uploaded = day.run_and_roll_back(day.upload)

        assert len(set(singly[0])) > 10
        assert uploaded == singly

    def test_records_nothing_in_mode_all_if_a_row_is_refused(self, actors, office):
        day = RecordedDay(1, dict.fromkeys(actors, office))
        nothing = day.run_and_roll_back(list)

        verdicts, bags, scans = day.run_and_roll_back(lambda: day.upload(whole=True))

        assert verdicts == day.run_and_roll_back(day.record_singly)[0]
        assert (bags, scans) == nothing[1:]

    def test_records_everything_in_mode_all_if_no_row_is_refused(self, actors, office):
        children = child_codes("SB10001", 3)
        rows = [new_request("link", child, "SB10001") for child in children]

        assert [v.name for v in record(rows, office, whole=True)] == ["applied"] * 3
        assert Scan.objects.count() == 7
        assert find_drifts() == []


@pytest.mark.django_db(transaction=True)
class TestConcurrentUploads:
    @pytest.fixture
    def office(self):
        create_reference_data()
        return make_user("olive", Role.OFFICE)

    def test_of_the_same_rows_record_them_once(self, office):
        rows = [new_request("link", code, "SB10001") for code in child_codes("SB10001", 20)]

        results = run_concurrently([lambda: record(rows, office, whole=True)] * 4)

        names = sorted({verdict.name for verdicts in results for verdict in verdicts})
        assert names == ["applied", "replayed"]
        assert sum(verdicts[0].name == "applied" for verdicts in results) == 1
        assert Bag.objects.get(code="SB10001").child_count == 20
        assert Scan.objects.count() == 41

    def test_never_overfill_a_parent(self, office):
        make_parent("M444-10001", 10)
        uploads = [
            [new_request("link", f"MG9{n}000000{m}", "M444-10001") for m in range(5)]
            for n in range(4)
        ]

        results = run_concurrently([lambda rows=rows: record(rows, office) for rows in uploads])

        verdicts = [verdict.name for result in results for verdict in result]
        assert verdicts.count("applied") == 5
        assert set(verdicts) == {"applied", "parent-full"}
        assert Bag.objects.get(code="M444-10001").child_count == 15

    def test_and_single_scans_of_the_same_rows_record_them_once(self, office):
        children = child_codes("SB10001", 12)
        rows = [new_request("link", code, "SB10001") for code in children]

        def record_one(row):
            try:
                return record_scan(actor=office, scan_request=row).verdict
            except (Problem, IntegrityError, OperationalError) as error:
                return as_problem(error).code

        results = run_concurrently(
            [lambda: record(rows, office), *(lambda row=row: record_one(row) for row in rows)]
        )

        assert {v.name for v in results[0]} <= {"applied", "replayed"}
        assert set(results[1:]) <= {"applied", "replayed", "busy"}
        assert {record_one(row) for row in rows} == {"replayed"}
        assert Bag.objects.get(code="SB10001").child_count == 12
        assert Scan.objects.filter(ref__in=[row.ref for row in rows]).count() == 12

    def test_need_no_advisory_lock_per_scan(self, office):
        rows = [new_request("register", f"SB{n:08d}", ref=UUID(int=n + 1)) for n in range(3000)]
        lock_counts = []
        emit = bulk.emit

        def count_locks(event):
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid() "
                    "AND locktype = 'advisory'"
                )
                lock_counts.append(cursor.fetchone()[0])
            emit(event)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(bulk, "emit", count_locks)
            record(rows, office)

        # A trigger may hold locks while it rolls up the counters of bags and of scans.
        assert lock_counts[0] <= 2
        assert Bag.objects.count() == 3000
