"""The fast path leaves the same verdicts, bags and ledger as the rules."""

import random
from datetime import timedelta
from uuid import UUID

import pytest
from django.db import connection

from accounts.roles import Role
from bags.models import Bag
from dashboard.stats.counters import find_drifts
from scans.history.verification import find_differences
from scans.models import Scan
from scans.recording import bulk, fast_path
from scans.recording.bulk import record_scans
from scans.recording.fast_path import FastPath
from scans.scan_request import parse_scan_request
from tests.concurrency import run_concurrently
from tests.factories import child_codes, create_reference_data, make_user
from tests.recorded_day import NOW, RecordedDay, new_request
from tracetrack.db.export import ExportRows
from tracetrack.errors.problem import Problem

FAST_STEPS = (
    ["link"] * 12 + ["inspect"] * 8 + ["register"] * 3 + ["dispatch", "receive", "complete"] * 3
    + ["unlink", "move", "return", "reopen"]
)  # fmt: skip
AREAS = ["lucknow", "hisar", "akola"]


@pytest.fixture(autouse=True)
def use_for_any_number_of_rows(monkeypatch):
    monkeypatch.setattr(fast_path, "MIN_ROWS", 1)


@pytest.fixture
def counts(monkeypatch):
    """Return a list of the numbers of fast and of other rows in each group."""
    counts = []
    original = FastPath.classify

    def classify(path, staged):
        found = original(path, staged)
        rows = staged.count("\n")
        counts.append((rows - len(found.need_rules), len(found.need_rules)))
        return found

    monkeypatch.setattr(FastPath, "classify", classify)
    return counts


class RandomDay(RecordedDay):
    """Random scans of few bags, so that many rows concern the same bag."""

    def __init__(self, seed, actors):
        self.actors = actors
        self.bags = []
        rng = random.Random(seed)
        parents = ["SB10001", "SB10002", "SB10003", "M444-10001", "SB20001", "SB20002"]
        loose = [f"CB{910000000 + n}" for n in range(14)] + ["MG910000001", "MG910000002"]
        self.scans = [
            self._random_scan(rng, parents, loose, at) for at in range(rng.randint(5, 60))
        ]

    def _random_scan(self, rng, parents, loose, at):
        step = rng.choice(FAST_STEPS)
        children = child_codes("SB10001", 3) + child_codes("SB10002", 2)
        codes = loose + children if rng.random() < 0.8 else parents
        if step in ("dispatch", "receive", "complete", "reopen"):
            codes = parents
        fields = {
            "ref": UUID(int=rng.getrandbits(128) if rng.random() < 0.95 else 7, version=4),
            "step": step,
            "code": rng.choice(codes),
            "area": rng.choice(AREAS) if rng.random() < 0.97 else "nowhere",
            "scanned_at": NOW + timedelta(seconds=at if rng.random() < 0.97 else 4000),
            "station": rng.choice(["Gate 1", "a\\b\tc", ""]),
        }
        if step in ("link", "move"):
            fields["parent_code"] = rng.choice(parents)
        if rng.random() < 0.05:
            fields["code"] += ";LOT-1"
        return parse_scan_request(fields), self.actors[rng.choice(["asha", "bilal"])]


class TestFastPath:
    @pytest.mark.parametrize("seed", range(24))
    def test_equals_the_rules_for_random_scans(self, actors, stock, seed):
        day = RandomDay(seed, actors)

        assert day.run_and_roll_back(day.record_in_bulk) == day.run_and_roll_back(day.record_singly)

    @pytest.mark.parametrize(("seed", "chunk"), [(1, 500), (2, 500), (3, 40)])
    def test_equals_the_rules_for_a_factory_day(self, actors, counts, seed, chunk):
        day = RecordedDay(seed, actors)
        expected = day.run_and_roll_back(day.record_singly)

        assert day.run_and_roll_back(lambda: day.record_in_bulk(chunk_rows=chunk)) == expected
        assert any(fast for fast, _ in counts) == (chunk == 40 or seed == 1)

    def test_records_all_rows_of_an_ordinary_day(self, actors, stock, counts):
        asha = actors["asha"]
        codes = [f"CB{920000000 + n}" for n in range(60)]
        rows = [new_request("link", c, f"SB{30001 + n // 30}") for n, c in enumerate(codes)]
        rows += [new_request("inspect", code) for code in codes + child_codes("SB10001", 3)]
        rows += [new_request("dispatch", "SB10003"), new_request("register", "CB930000000")]

        verdicts = list(record_scans([(row, asha) for row in rows], areas=None, now=NOW))

        assert {verdict.name for verdict in verdicts} == {"applied"}
        assert counts == [(len(rows), 0)]
        sack = Bag.objects.get(code="SB30001")
        assert (sack.state, sack.child_count, sack.weight) == ("complete", 30, 30)
        assert Bag.objects.children_of(Bag.objects.get(code="SB10003"))[0].bound_for is not None
        assert find_drifts() == []
        assert list(find_differences()) == []

    def test_writes_nothing_if_the_whole_upload_is_refused(self, actors, stock):
        before = Bag.objects.count(), Scan.objects.count()
        rows = [
            new_request("link", "CB940000001", "SB30001"),
            new_request("inspect", "CB950000000"),
        ]

        bulk.record_upload(
            rows, actor=make_user("ben", Role.OFFICE), areas=None, now=NOW, whole=True
        )

        assert (Bag.objects.count(), Scan.objects.count()) == before

    def test_checks_refs_after_the_first_known_one(self, actors, stock, monkeypatch):
        """The other rows of the group with the known ref are recorded."""
        checked, original = [], FastPath.classify
        monkeypatch.setattr(
            FastPath,
            "classify",
            lambda path, staged: checked.append(path.checks_refs) or original(path, staged),
        )
        rows = [(new_request("inspect", "SB10001"), actors["asha"]) for _ in range(50)]
        list(record_scans(rows[25:26], areas=None, now=NOW, chunk_rows=10))
        checked.clear()

        verdicts = [v.name for v in record_scans(rows, areas=None, now=NOW, chunk_rows=10)]

        assert verdicts == ["applied"] * 25 + ["replayed"] + ["applied"] * 24
        assert checked == [False, False, False, True, True, True]
        assert len(set(Scan.objects.values_list("ref", flat=True))) == Scan.objects.count()

    def test_registers_the_insert_horizon_before_it_takes_ids(self, actors, monkeypatch):
        """Otherwise clients that follow the stream of bags miss the new ones."""
        observed = []
        original = FastPath.classify

        def classify(path, staged):
            before = last_bag_id()
            found = original(path, staged)
            observed.append(
                (before, ExportRows(Bag.objects.all(), ()).insert_horizon(), last_bag_id())
            )
            return found

        monkeypatch.setattr(FastPath, "classify", classify)
        rows = [
            (new_request("link", f"CB{990000000 + n}", "SB30001"), actors["asha"])
            for n in range(25)
        ]
        list(record_scans(rows, areas=None, now=NOW))

        ((before, horizon, after),) = observed
        assert horizon <= before < after

    def test_reads_large_tables_by_index(self, actors, stock, django_assert_max_num_queries):
        """No statement of the fast path reads a large table completely."""
        rows = [
            (new_request("link", f"CB{960000000 + n}", "SB30001"), actors["asha"])
            for n in range(20)
        ]
        with connection.cursor() as cursor:
            cursor.execute("UPDATE pg_class SET reltuples = 4e6, relpages = 1e5 WHERE relname IN "
                           "('bags_bag', 'scans_scan')")  # fmt: skip
        before = count_table_scans()

        # The second time, the refs are known and looked up.
        verdicts = [list(record_scans(rows, areas=None, now=NOW)) for _ in range(2)]

        assert {verdict.name for verdict in verdicts[1]} == {"replayed"}
        assert count_table_scans() == before


@pytest.mark.django_db(transaction=True)
class TestConcurrency:
    def test_two_sheets_about_the_same_parents_lose_and_repeat_nothing(self):
        create_reference_data()
        asha = make_user("asha", Role.OPERATOR)
        codes = [f"CB{970000000 + n}" for n in range(45)]

        def sheet(codes):
            rows = [(new_request("link", code, "SB30001"), asha) for code in codes]
            return [v.name for v in record_scans(rows, areas=None, now=NOW)]

        results = run_concurrently([lambda: sheet(codes), lambda: sheet(codes[::-1])])

        names = [name for verdicts in results for name in verdicts]
        assert names.count("applied") == 30
        sack = Bag.objects.get(code="SB30001")
        assert (sack.child_count, sack.state) == (30, "complete")
        assert find_drifts() == []
        assert list(find_differences()) == []


def last_bag_id():
    """Return the last id taken for a bag, whether it was used or not."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT last_value FROM bags_bag_id_seq")
        return cursor.fetchone()[0]


def count_table_scans():
    """Return how often this transaction read a large table completely."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname, seq_scan FROM pg_stat_xact_user_tables "
            "WHERE relname IN ('bags_bag', 'scans_scan') ORDER BY 1"
        )
        return cursor.fetchall()


def test_rows_with_a_problem_keep_their_place(actors):
    """A row that could not be parsed is refused in its position."""
    rows = [Problem(), (new_request("register", "CB980000000"), actors["asha"])]

    assert [v.name for v in record_scans(rows, areas=None, now=NOW)] == [Problem.code, "applied"]
