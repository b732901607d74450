"""The express lane: taken in as a set or row by row, a day ends the same."""

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
from tests.factories import (
    assign_batch,
    child_codes,
    create_reference_data,
    make_batch,
    make_parent,
    make_user,
)
from tests.scans.recording.test_bulk import NOW, SmallDay, people
from tracetrack.db.export import ExportRows
from tracetrack.errors.problem import Problem

__all__ = ["people"]
STEPS = (
    ["link"] * 12 + ["inspect"] * 8 + ["register"] * 3 + ["dispatch", "receive", "complete"] * 3
    + ["unlink", "move", "return", "reopen"]
)  # fmt: skip
AREAS = ["lucknow", "hisar", "akola"]


@pytest.fixture(autouse=True)
def always(monkeypatch):
    """However few the rows are."""
    monkeypatch.setattr(fast_path, "MIN_ROWS", 1)


@pytest.fixture
def judged(monkeypatch):
    """How many rows went which way."""
    seen = []
    usual = FastPath.classify

    def noted(path, staged):
        found = usual(path, staged)
        rows = staged.count("\n")
        seen.append((rows - len(found.need_rules), len(found.need_rules)))
        return found

    monkeypatch.setattr(FastPath, "classify", noted)
    return seen


class Anyhow(SmallDay):
    """A day on few bags, without rhyme or reason: sacks of mustard and moong, some on hold."""

    def __init__(self, seed, people):
        self.people = people
        self.bags = []
        dice = random.Random(seed)
        sacks = ["SB10001", "SB10002", "SB10003", "M444-10001", "SB20001", "SB20002"]
        loose = [f"CB{910000000 + n}" for n in range(14)] + ["MG910000001", "MG910000002"]
        self.scans = [self._any(dice, sacks, loose, at) for at in range(dice.randint(5, 60))]

    def _any(self, dice, sacks, loose, at):
        step = dice.choice(STEPS)
        inside = child_codes("SB10001", 3) + child_codes("SB10002", 2)
        codes = loose + inside if dice.random() < 0.8 else sacks
        if step in ("dispatch", "receive", "complete", "reopen"):
            codes = sacks
        scan_request = {
            "ref": UUID(int=dice.getrandbits(128) if dice.random() < 0.95 else 7, version=4),
            "step": step,
            "code": dice.choice(codes),
            "area": dice.choice(AREAS) if dice.random() < 0.97 else "nowhere",
            "scanned_at": NOW + timedelta(seconds=at if dice.random() < 0.97 else 4000),
            "station": dice.choice(["Gate 1", "a\\b\tc", ""]),
        }
        if step in ("link", "move"):
            scan_request["parent_code"] = dice.choice(sacks)
        if dice.random() < 0.05:
            scan_request["code"] += ";LOT-1"
        return parse_scan_request(scan_request), self.people[dice.choice(["asha", "bilal"])]


@pytest.fixture
def stock(people):
    """Sacks that are open, nearly full, complete, on hold, and with something on hold in them."""
    ben = make_user("ben", Role.OFFICE)
    make_parent("SB10001", 3, actor=ben)
    make_parent("SB10002", 29, actor=ben)
    make_parent("SB10003", 30, actor=ben)
    make_parent("M444-10001", 14, actor=ben)
    make_parent("SB20001", 2, actor=ben)
    make_parent("SB20002", 30, actor=ben)
    make_batch("LOT-1")
    assign_batch(make_batch("LOT-H", held_by=ben), "SB20001", child_codes("SB20002", 30)[4])


class TestTheExpressLane:
    @pytest.mark.parametrize("seed", range(24))
    def test_ends_as_the_rules_do_whatever_comes(self, people, stock, seed):
        day = Anyhow(seed, people)

        assert day.tried(day.at_once) == day.tried(day.one_by_one)

    @pytest.mark.parametrize(("seed", "chunk"), [(1, 500), (2, 500), (3, 40)])
    def test_ends_as_the_rules_do_on_a_factory_day(self, people, judged, seed, chunk):
        day = SmallDay(seed, people)
        usual = day.tried(day.one_by_one)

        assert day.tried(lambda: day.at_once(chunk_rows=chunk)) == usual
        assert any(express for express, _ in judged) == (chunk == 40 or seed == 1)

    def test_takes_most_of_a_usual_day(self, people, stock, judged):
        asha = people["asha"]
        codes = [f"CB{920000000 + n}" for n in range(60)]
        rows = [scan_request("link", c, f"SB{30001 + n // 30}") for n, c in enumerate(codes)]
        rows += [scan_request("inspect", code) for code in codes + child_codes("SB10001", 3)]
        rows += [scan_request("dispatch", "SB10003"), scan_request("register", "CB930000000")]

        verdicts = list(record_scans([(row, asha) for row in rows], areas=None, now=NOW))

        assert {verdict.name for verdict in verdicts} == {"applied"}
        assert judged == [(len(rows), 0)]
        sack = Bag.objects.get(code="SB30001")
        assert (sack.state, sack.child_count, sack.weight) == ("complete", 30, 30)
        assert Bag.objects.children_of(Bag.objects.get(code="SB10003"))[0].bound_for is not None
        assert find_drifts() == []
        assert list(find_differences()) == []

    def test_leaves_no_trace_where_the_upload_is_refused_as_a_whole(self, people, stock):
        before = Bag.objects.count(), Scan.objects.count()
        rows = [
            scan_request("link", "CB940000001", "SB30001"),
            scan_request("inspect", "CB950000000"),
        ]

        bulk.record_upload(
            rows, actor=make_user("ben", Role.OFFICE), areas=None, now=NOW, whole=True
        )

        assert (Bag.objects.count(), Scan.objects.count()) == before

    def test_asks_for_refs_once_one_proves_to_be_known(self, people, stock, monkeypatch):
        """And the rows of the group in which it stood are taken all the same."""
        checked, usual = [], FastPath.classify
        monkeypatch.setattr(
            FastPath,
            "classify",
            lambda path, staged: checked.append(path.checks_refs) or usual(path, staged),
        )
        rows = [(scan_request("inspect", "SB10001"), people["asha"]) for _ in range(50)]
        list(record_scans(rows[25:26], areas=None, now=NOW, chunk_rows=10))
        checked.clear()

        verdicts = [v.name for v in record_scans(rows, areas=None, now=NOW, chunk_rows=10)]

        assert verdicts == ["applied"] * 25 + ["replayed"] + ["applied"] * 24
        assert checked == [False, False, False, True, True, True]
        assert len(set(Scan.objects.values_list("ref", flat=True))) == Scan.objects.count()

    def test_announces_the_ids_of_new_bags_before_it_takes_them(self, people, monkeypatch):
        """Who follows a stream of bags would miss them otherwise."""
        seen = []
        usual = FastPath.classify

        def noted(path, staged):
            before = last_taken()
            told = usual(path, staged)
            seen.append((before, ExportRows(Bag.objects.all(), ()).insert_horizon(), last_taken()))
            return told

        monkeypatch.setattr(FastPath, "classify", noted)
        rows = [
            (scan_request("link", f"CB{990000000 + n}", "SB30001"), people["asha"])
            for n in range(25)
        ]
        list(record_scans(rows, areas=None, now=NOW))

        ((before, settled, after),) = seen
        assert settled <= before < after

    def test_looks_for_each_bag_by_its_key(self, people, stock, django_assert_max_num_queries):
        """However large the tables are: no plan of the lane reads one from end to end."""
        rows = [
            (scan_request("link", f"CB{960000000 + n}", "SB30001"), people["asha"])
            for n in range(20)
        ]
        with connection.cursor() as cursor:
            cursor.execute("UPDATE pg_class SET reltuples = 4e6, relpages = 1e5 WHERE relname IN "
                           "('bags_bag', 'scans_scan')")  # fmt: skip
        read = scans_of_whole_tables()

        # The second time their refs are known, and looked for.
        verdicts = [list(record_scans(rows, areas=None, now=NOW)) for _ in range(2)]

        assert {verdict.name for verdict in verdicts[1]} == {"replayed"}
        assert scans_of_whole_tables() == read


@pytest.mark.django_db(transaction=True)
class TestTogether:
    def test_two_sheets_about_the_same_sacks_lose_and_double_nothing(self):
        create_reference_data()
        asha = make_user("asha", Role.OPERATOR)
        codes = [f"CB{970000000 + n}" for n in range(45)]

        def sheet(codes):
            rows = [(scan_request("link", code, "SB30001"), asha) for code in codes]
            return [v.name for v in record_scans(rows, areas=None, now=NOW)]

        told = run_concurrently([lambda: sheet(codes), lambda: sheet(codes[::-1])])

        names = [name for verdicts in told for name in verdicts]
        assert names.count("applied") == 30
        sack = Bag.objects.get(code="SB30001")
        assert (sack.child_count, sack.state) == (30, "complete")
        assert find_drifts() == []
        assert list(find_differences()) == []


def scan_request(step, code, parent=None, **more):
    """A scan that anybody might send."""
    given = more | {"ref": UUID(int=random.getrandbits(128), version=4), "step": step, "code": code}
    given |= {"area": "lucknow", "scanned_at": NOW}
    if parent:
        given["parent_code"] = parent
    return parse_scan_request(given)


def last_taken():
    """The last id that a bag, or nobody, was given."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT last_value FROM bags_bag_id_seq")
        return cursor.fetchone()[0]


def scans_of_whole_tables():
    """How often this transaction read a large table from one end to the other."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname, seq_scan FROM pg_stat_xact_user_tables "
            "WHERE relname IN ('bags_bag', 'scans_scan') ORDER BY 1"
        )
        return cursor.fetchall()


def test_problems_stay_problems(people):
    """A row that could not be read is refused in its place."""
    rows = [Problem(), (scan_request("register", "CB980000000"), people["asha"])]

    assert [v.name for v in record_scans(rows, areas=None, now=NOW)] == [Problem.code, "applied"]
