"""Bulk recording gives the same results as record_scan() for each row."""

import pytest
from django.db import OperationalError

from accounts.roles import Role
from audit.models import AuditEntry
from bags.models import Bag
from bags.querysets import visible_area_ids
from dashboard.stats.counters import find_drifts
from scans.models import Scan
from scans.recording import bulk
from scans.recording.bulk import record_scans
from scans.recording.unit_of_work import StaleRead, UnitOfWork
from tests.concurrency import run_concurrently
from tests.factories import child_codes, create_reference_data, make_parent, make_user, scan
from tests.recorded_day import NOW, RecordedDay, new_request, verdict_names
from tracetrack import cache
from tracetrack.errors.problem import Busy


class TestRecordScans:
    @pytest.mark.parametrize("seed", [1, 2])
    def test_equals_record_scan_for_each_row(self, actors, seed):
        day = RecordedDay(seed, actors)

        singly = day.run_and_roll_back(day.record_singly)
        in_bulk = day.run_and_roll_back(day.record_in_bulk)

        assert len(set(singly[0])) > 10
        assert in_bulk == singly

    def test_is_equal_for_any_chunk_size_and_in_a_dry_run(self, actors):
        day = RecordedDay(3, actors)
        expected = day.run_and_roll_back(day.record_in_bulk)

        for chunk in (1, 7):
            assert (
                day.run_and_roll_back(lambda chunk=chunk: day.record_in_bulk(chunk_rows=chunk))
                == expected
            )
        for chunk in (1, 7, 500):
            options = {"chunk_rows": chunk, "dry_run": True}
            verdicts, _, scans = day.run_and_roll_back(
                lambda options=options: day.record_in_bulk(**options)
            )
            assert verdicts == expected[0]
            assert {row[3] for row in scans} <= {"register", "link"}

    def test_does_constant_work_per_chunk_in_a_dry_run(self, actors, monkeypatch):
        tracked = []
        original = UnitOfWork._track_parent
        monkeypatch.setattr(
            UnitOfWork, "_track_parent", lambda *args: tracked.append(original(*args))
        )
        make_parent("SB10001")
        rows = [
            (new_request("link", c, "SB10001"), actors["asha"]) for c in child_codes("SB20001", 12)
        ]
        work = []
        for _ in record_scans(rows, areas=None, now=NOW, chunk_rows=1, dry_run=True):
            work.append(len(tracked))
            tracked.clear()

        assert len(set(work[2:])) == 1

    def test_is_limited_to_the_areas_of_the_importing_user(self, actors):
        make_parent("SB10001", area="hisar")
        importer = make_user("asha", Role.OPERATOR, ["akola"])
        rows = [
            (new_request("inspect", "SB10001", area="akola"), actors["bilal"]),
            (new_request("register", "SB10002", area="hisar"), actors["bilal"]),
            (new_request("register", "SB10003", area="akola"), actors["bilal"]),
        ]

        verdicts = record_scans(rows, areas=visible_area_ids(importer), now=NOW)

        assert verdict_names(verdicts) == ["bag-unknown", "area-forbidden", "applied"]

    def test_accepts_undos(self, actors):
        make_parent("SB10001")
        linked = scan(make_user("ben", Role.OFFICE), "link", "CB000000001", "SB10001")
        ben = make_user("ben", Role.OFFICE)
        undo = new_request("undo", "CB000000001", undoes=linked.scan.pk)
        rows = [
            (new_request("complete", "SB10001"), ben),
            (undo, ben),
            (new_request("unlink", "CB000000001"), ben),
            (new_request("undo", "CB000000001", undoes=linked.scan.pk), ben),
        ]

        verdicts = list(record_scans(rows, areas=None, now=NOW))

        # `complete` depends on the link, and so does `unlink`.
        assert verdict_names(verdicts) == ["applied", "undo-depends", "applied", "undo-depends"]

    def test_repeats_a_chunk_after_a_stale_read_or_a_lock_error(self, actors, monkeypatch):
        errors = [StaleRead(), lock_error("40P01"), lock_error("55P03")]
        original = UnitOfWork.save

        def save(unit):
            original(unit)
            if errors:
                raise errors.pop()

        monkeypatch.setattr(UnitOfWork, "save", save)
        rows = [
            (new_request("register", code), actors["asha"]) for code in child_codes("SB10001", 3)
        ]

        verdicts = verdict_names(record_scans(rows, areas=None, now=NOW))

        assert verdicts == ["applied"] * 3
        assert Scan.objects.count() == 3

    def test_raises_busy_after_several_conflicts(self, actors, monkeypatch):
        def save(unit):
            raise StaleRead

        monkeypatch.setattr(UnitOfWork, "save", save)
        rows = [(new_request("register", "SB10001"), actors["asha"])]

        with pytest.raises(Busy):
            list(record_scans(rows, areas=None, now=NOW))

    def test_raises_other_database_errors(self, actors, monkeypatch):
        def save(unit):
            raise lock_error("53100")

        monkeypatch.setattr(UnitOfWork, "save", save)
        rows = [(new_request("register", "SB10001"), actors["asha"])]

        with pytest.raises(OperationalError):
            list(record_scans(rows, areas=None, now=NOW))

    def test_needs_a_constant_number_of_queries(self, actors, django_assert_max_num_queries):
        codes = child_codes("SB10001", 28)
        rows = [(new_request("link", code, "SB10001"), actors["asha"]) for code in codes]

        with django_assert_max_num_queries(16):
            list(record_scans(rows, areas=None, now=NOW))

    def test_invalidates_cached_responses_with_every_chunk(
        self, actors, monkeypatch, django_capture_on_commit_callbacks
    ):
        invalidated = []
        monkeypatch.setattr(cache, "invalidate", lambda *patterns: invalidated.append(patterns))
        rows = [
            (new_request("register", code), actors["asha"]) for code in child_codes("SB10001", 4)
        ]

        list(record_scans(rows, areas=None, now=NOW, chunk_rows=2))

        assert len(invalidated) == 2
        assert all("dashboard:*" in patterns for patterns in invalidated)


@pytest.mark.django_db(transaction=True)
class TestConcurrentImports:
    def test_record_the_same_links_once(self):
        create_reference_data()
        asha = make_user("asha", Role.OPERATOR)
        rows = [
            (new_request("link", code, f"SB1000{sack}"), asha)
            for sack in range(8)
            for code in child_codes(f"SB1000{sack}", 20)
        ]

        def record(rows):
            return verdict_names(record_scans(rows, areas=None, now=NOW, chunk_rows=13))

        first, second = run_concurrently([lambda: record(rows), lambda: record(rows[::-1])])

        assert sorted(first + second) == ["applied"] * 160 + ["replayed"] * 160
        assert [p.child_count for p in Bag.objects.filter(kind="parent")] == [20] * 8
        assert Scan.objects.filter(step="link").count() == 160
        assert find_drifts() == []

    def test_never_overfill_a_parent(self):
        create_reference_data()
        asha = make_user("asha", Role.OPERATOR)
        codes = child_codes("SB10001", 80)

        def record(codes):
            rows = [(new_request("link", code, "SB10001"), asha) for code in codes]
            return verdict_names(record_scans(rows, areas=None, now=NOW, chunk_rows=5))

        results = run_concurrently([lambda part=part: record(codes[part::4]) for part in range(4)])

        verdicts = [name for part in results for name in part]
        assert verdicts.count("applied") == 30
        assert verdicts.count("parent-full") == 50
        assert Bag.objects.get(code="SB10001").child_count == 30


class TestEmitSheetImported:
    def test_writes_one_audit_entry(self, actors):
        bulk.emit_sheet_imported(actor=actors["asha"], sheet="x" * 500, rows=3, applied=2)

        entry = AuditEntry.objects.get(action="sheet.imported")
        assert (entry.actor_name, entry.facts["rows"], entry.facts["applied"]) == ("asha", 3, 2)


def lock_error(sqlstate):
    """Return a database error with this SQLSTATE."""
    error = OperationalError("lock")
    error.__cause__ = type("Lost", (Exception,), {"sqlstate": sqlstate})()
    return error
