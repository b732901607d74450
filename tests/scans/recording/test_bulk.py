"""Many scans at once: nothing but record_scan(), many times."""

from datetime import date, datetime, timedelta
from uuid import uuid4

import pytest
from django.db import OperationalError, transaction
from django.utils import timezone

from accounts.roles import Role
from audit.models import AuditEntry
from bags.models import Bag
from bags.querysets import visible_area_ids
from bags.sheets import parse_bag_row
from dashboard.stats.counters import find_drifts
from scans.models import Scan
from scans.recording import bulk
from scans.recording.bulk import record_scans, register_bags
from scans.recording.record_scan import record_scan
from scans.recording.unit_of_work import StaleRead, UnitOfWork
from scans.scan_request import parse_scan_request
from tests.concurrency import run_concurrently
from tests.data.day import ACTORS, AREAS, INDIA, LOTS, SCAN_COLUMNS
from tests.data.generate import BAG_COLUMNS, make_day
from tests.factories import (
    child_codes,
    create_reference_data,
    make_batch,
    make_parent,
    make_user,
    scan,
)
from tracetrack import cache
from tracetrack.errors.problem import BadRow, Busy, Problem

DAY = date(2026, 10, 6)
NOW = datetime(2026, 10, 6, 19, tzinfo=INDIA)
BAGS = [
    "code", "kind", "bag_type__name", "area__code", "batch__code", "state", "parent__code",
    "bound_for__code", "child_count", "weight", "capacity",
]  # fmt: skip
SCANS = [
    "ref", "bag__code", "parent__code", "step", "outcome", "unexpected", "forced",
    "actor__username", "area__code", "station", "scanned_at", "recorded_at", "note", "was_state",
    "was_area__code", "was_bound_for__code", "was_parent__code", "was_parent_state",
]  # fmt: skip


@pytest.fixture
def people(db):
    """The reference, the batches of the generated days, and who scans."""
    create_reference_data()
    people = {name: make_user(name, Role.OPERATOR, AREAS) for name in ACTORS}
    office = make_user("ben", Role.OFFICE)
    for code, bag_type, held in LOTS:
        make_batch(code, bag_type, **({"held_by": office} if held else {}))
    return people


class SmallDay:
    """The rows of a small generated day, read; and what becomes of them."""

    def __init__(self, seed, people):
        day = make_day(seed, 9, DAY)
        self.people = people
        self.bags = [self._bag(row) for row in day.bags]
        self.scans = [self._scan(row) for row in day.scans]

    def _bag(self, row):
        try:
            return parse_bag_row(dict(zip(BAG_COLUMNS, row, strict=True)))
        except (Problem, ValueError):
            return BadRow(field="row", reason="is bad")

    def _scan(self, row):
        cells = dict(zip(SCAN_COLUMNS, row, strict=False))
        try:
            return parse_scan_request(cells), self.people[cells["actor"]]
        except Problem as problem:
            return problem
        except KeyError:
            return BadRow(field="actor", reason="is nobody")

    def one_by_one(self):
        for row in self.scans:
            if isinstance(row, Problem):
                yield row.code
                continue
            try:
                yield record_scan(actor=row[1], scan_request=row[0], now=NOW).verdict
            except Problem as problem:
                yield problem.code

    def at_once(self, **how):
        return (v.name for v in record_scans(self.scans, areas=None, now=NOW, **how))

    def tried(self, run):
        """The verdicts of a run and all it left behind, which is then undone."""
        with transaction.atomic():
            actor = self.people["asha"]
            list(register_bags(self.bags, actor=actor, areas=None, now=NOW))
            verdicts = list(run())
            bags = list(Bag.objects.order_by("code").values_list(*BAGS))
            scans = list(Scan.objects.order_by("pk").values_list(*SCANS))
            transaction.set_rollback(True)
        return verdicts, bags, scans


def named(verdicts):
    return [verdict.name for verdict in verdicts]


class TestRecordScans:
    @pytest.mark.parametrize("seed", [1, 2])
    def test_does_what_record_scan_does_one_by_one(self, people, seed):
        day = SmallDay(seed, people)

        singly = day.tried(day.one_by_one)
        at_once = day.tried(day.at_once)

        assert len(set(singly[0])) > 10
        for ours, theirs in zip(at_once, singly, strict=True):
            assert ours == theirs

    def test_does_the_same_in_chunks_of_any_size_and_in_a_rehearsal(self, people):
        day = SmallDay(3, people)
        usual = day.tried(day.at_once)

        for chunk in (1, 7):
            assert day.tried(lambda chunk=chunk: day.at_once(chunk_rows=chunk)) == usual
        for chunk in (1, 7, 500):
            how = {"chunk_rows": chunk, "dry_run": True}
            verdicts, _, scans = day.tried(lambda how=how: day.at_once(**how))
            assert verdicts == usual[0]
            assert {row[3] for row in scans} <= {"register", "link"}

    def test_rehearses_the_end_of_a_sheet_with_no_more_work_than_its_beginning(
        self, people, monkeypatch
    ):
        placed = []
        usual = UnitOfWork._track_parent
        monkeypatch.setattr(
            UnitOfWork, "_track_parent", lambda *these: placed.append(usual(*these))
        )
        make_parent("SB10001")
        rows = [
            (scan_request("link", c, parent_code="SB10001"), people["asha"])
            for c in child_codes("SB20001", 12)
        ]
        work = []
        for _ in record_scans(rows, areas=None, now=timezone.now(), chunk_rows=1, dry_run=True):
            work.append(len(placed))
            placed.clear()

        assert len(set(work[2:])) == 1

    def test_bounds_everything_by_the_areas_of_who_imports(self, people):
        make_parent("SB10001", area="hisar")
        mine = make_user("asha", Role.OPERATOR, ["akola"])
        rows = [
            (scan_request("inspect", "SB10001", area="akola"), people["bilal"]),
            (scan_request("register", "SB10002", area="hisar"), people["bilal"]),
            (scan_request("register", "SB10003", area="akola"), people["bilal"]),
        ]

        verdicts = record_scans(rows, areas=visible_area_ids(mine), now=timezone.now())

        assert named(verdicts) == ["bag-unknown", "area-forbidden", "applied"]

    def test_takes_an_undo_among_others(self, people):
        make_parent("SB10001")
        linked = scan(make_user("ben", Role.OFFICE), "link", "CB000000001", "SB10001")
        ben = make_user("ben", Role.OFFICE)
        undo = scan_request("undo", "CB000000001", undoes=linked.scan.pk)
        rows = [
            (scan_request("complete", "SB10001"), ben),
            (undo, ben),
            (scan_request("unlink", "CB000000001"), ben),
            (scan_request("undo", "CB000000001", undoes=linked.scan.pk), ben),
        ]

        verdicts = list(record_scans(rows, areas=None, now=timezone.now()))

        # Completing built on the link, and unlinking is no better.
        assert named(verdicts) == ["applied", "undo-depends", "applied", "undo-depends"]

    def test_tries_a_chunk_again_when_a_bag_went_elsewhere_or_a_lock_was_lost(
        self, people, monkeypatch
    ):
        faults = [StaleRead(), lost_lock("40P01"), lost_lock("55P03")]
        usual = UnitOfWork.save

        def save(unit):
            usual(unit)
            if faults:
                raise faults.pop()

        monkeypatch.setattr(UnitOfWork, "save", save)
        rows = [
            (scan_request("register", code), people["asha"]) for code in child_codes("SB10001", 3)
        ]

        verdicts = named(record_scans(rows, areas=None, now=timezone.now()))

        assert verdicts == ["applied"] * 3
        assert Scan.objects.count() == 3

    def test_gives_up_when_the_database_stays_busy(self, people, monkeypatch):
        def save(unit):
            raise StaleRead

        monkeypatch.setattr(UnitOfWork, "save", save)
        rows = [(scan_request("register", "SB10001"), people["asha"])]

        with pytest.raises(Busy):
            list(record_scans(rows, areas=None, now=timezone.now()))

    def test_hides_no_other_failure_of_the_database(self, people, monkeypatch):
        def save(unit):
            raise lost_lock("53100")

        monkeypatch.setattr(UnitOfWork, "save", save)
        rows = [(scan_request("register", "SB10001"), people["asha"])]

        with pytest.raises(OperationalError):
            list(record_scans(rows, areas=None, now=timezone.now()))

    def test_asks_the_database_no_more_for_many_rows_than_for_few(
        self, people, django_assert_max_num_queries
    ):
        codes = child_codes("SB10001", 28)
        rows = [
            (scan_request("link", code, parent_code="SB10001"), people["asha"]) for code in codes
        ]

        with django_assert_max_num_queries(16):
            list(record_scans(rows, areas=None, now=timezone.now()))

    def test_drops_stale_answers_with_every_chunk(
        self, people, monkeypatch, django_capture_on_commit_callbacks
    ):
        dropped = []
        monkeypatch.setattr(cache, "invalidate", lambda *patterns: dropped.append(patterns))
        rows = [
            (scan_request("register", code), people["asha"]) for code in child_codes("SB10001", 4)
        ]

        list(record_scans(rows, areas=None, now=timezone.now(), chunk_rows=2))

        assert len(dropped) == 2
        assert all("dashboard:*" in patterns for patterns in dropped)


@pytest.mark.django_db(transaction=True)
class TestTwoImportsAtOnce:
    def test_of_the_same_links_in_opposite_order_make_each_link_once(self):
        create_reference_data()
        asha = make_user("asha", Role.OPERATOR)
        rows = [
            (scan_request("link", code, parent_code=f"SB1000{sack}"), asha)
            for sack in range(8)
            for code in child_codes(f"SB1000{sack}", 20)
        ]

        def take_in(rows):
            return named(record_scans(rows, areas=None, now=timezone.now(), chunk_rows=13))

        there, back = run_concurrently([lambda: take_in(rows), lambda: take_in(rows[::-1])])

        assert sorted(there + back) == ["applied"] * 160 + ["replayed"] * 160
        assert [p.child_count for p in Bag.objects.filter(kind="parent")] == [20] * 8
        assert Scan.objects.filter(step="link").count() == 160
        assert find_drifts() == []

    def test_of_different_children_never_overfill_a_parent(self):
        create_reference_data()
        asha = make_user("asha", Role.OPERATOR)
        codes = child_codes("SB10001", 80)

        def take_in(codes):
            rows = [(scan_request("link", code, parent_code="SB10001"), asha) for code in codes]
            return named(record_scans(rows, areas=None, now=timezone.now(), chunk_rows=5))

        four = run_concurrently([lambda part=part: take_in(codes[part::4]) for part in range(4)])

        verdicts = [name for part in four for name in part]
        assert verdicts.count("applied") == 30
        assert verdicts.count("parent-full") == 50
        assert Bag.objects.get(code="SB10001").child_count == 30


class TestTellImported:
    def test_writes_one_audit_row_for_a_sheet(self, people):
        bulk.emit_sheet_imported(actor=people["asha"], sheet="x" * 500, rows=3, applied=2)

        told = AuditEntry.objects.get(action="sheet.imported")
        assert (told.actor_name, told.facts["rows"], told.facts["applied"]) == ("asha", 3, 2)


def scan_request(step, code, *, area="hisar", **more):
    moment = timezone.now() - timedelta(minutes=1)
    return parse_scan_request(
        {"ref": uuid4(), "step": step, "code": code, "area": area, "scanned_at": moment} | more
    )


def lost_lock(sqlstate):
    error = OperationalError("lock")
    error.__cause__ = type("Lost", (Exception,), {"sqlstate": sqlstate})()
    return error
