"""Rows that only look, kept beside those that act: faster, and the day ends the same."""

import random
import sys
import time
from dataclasses import replace
from threading import Event
from uuid import uuid5

import pytest
from django.core.management import call_command
from django.db import connection, transaction

from bags.models import Bag
from dashboard.stats.counters import find_drifts
from scans.history.verification import find_differences
from scans.models import Scan
from scans.recording import bulk, fast_path
from scans.recording.bulk import record_scans, register_bags
from tests.concurrency import run_concurrently
from tests.factories import child_codes
from tests.scans.recording.test_bulk import BAGS, NOW, SCANS, SmallDay, named, people
from tests.scans.recording.test_fast_path import Anyhow, scan_request, stock
from tracetrack.errors.problem import Busy

__all__ = ["people", "stock"]
pytestmark = pytest.mark.django_db(transaction=True)
REF, BAG = SCANS.index("ref"), SCANS.index("bag__code")


@pytest.fixture(autouse=True)
def always(monkeypatch):
    """However few the rows are."""
    monkeypatch.setattr(fast_path, "MIN_ROWS", 1)


@pytest.fixture
def parts(monkeypatch):
    """The parts of all groups, as they were made."""
    seen = []
    usual = fast_path.Lane.parts

    def noted(lane, group):
        told = usual(lane, group)
        seen.append(told)
        return told

    monkeypatch.setattr(fast_path.Lane, "parts", noted)
    return seen


class Watched(Anyhow):
    """A day without rhyme or reason, on which many bags are looked at and some of those moved."""

    def __init__(self, seed, people):
        super().__init__(seed, people)
        dice = random.Random(seed)
        codes = child_codes("SB10003", 30) + child_codes("SB20002", 9) + ["CB999999999", "SB10003"]
        looks = [(scan_request("inspect", code), people["asha"]) for code in codes]
        self.scans += looks + dice.sample(looks, 3)
        dice.shuffle(self.scans)
        refs = [row.ref for row, _ in self.scans]
        for at, (row, actor) in enumerate(self.scans):
            if row.step == "inspect" and dice.random() < 0.1:
                self.scans[at] = replace(row, ref=dice.choice(refs)), actor


class TestRowsThatOnlyLook:
    @pytest.mark.parametrize("seed", range(8))
    def test_change_nothing_of_how_a_day_ends(self, people, stock, parts, monkeypatch, seed):
        """Row by row, then as sheets are taken in: same verdicts, same bags, same ledger."""
        day = Watched(seed, people)
        verdicts, bags, scans = day.tried(day.one_by_one)
        slow(monkeypatch, looks=seed % 2 == 0, seconds=0.05)

        assert list(day.at_once(chunk=20)) == verdicts

        assert list(Bag.objects.order_by("code").values_list(*BAGS)) == bags
        kept = list(Scan.objects.order_by("pk").values_list(*SCANS))
        assert sorted(kept, key=by_ref) == sorted(scans, key=by_ref)
        assert ways(kept) == ways(scans)
        assert any(len(group) == 2 for group in parts)
        assert (find_drifts(), list(find_differences())) == ([], [])

    def test_change_nothing_of_a_factory_day(self, people, parts):
        day = SmallDay(1, people)
        verdicts, bags, scans = day.tried(day.one_by_one)
        list(register_bags(day.bags, actor=people["asha"], areas=None, now=NOW))

        assert list(day.at_once(chunk=100)) == verdicts

        assert list(Bag.objects.order_by("code").values_list(*BAGS)) == bags
        assert ways(Scan.objects.order_by("pk").values_list(*SCANS)) == ways(scans)

    def test_stay_with_the_others_where_those_speak_of_the_same_bag(self, people, parts):
        rows = [
            scan_request("register", "CB910000001"),
            scan_request("inspect", "CB910000001"),
            scan_request("inspect", "CB910000002"),
            scan_request("inspect", "SB10001"),
            scan_request("link", "CB910000003", "SB10001"),
        ]

        verdicts = named(self.taken_in(rows, people))

        (group,) = parts
        assert [list(part.at) for part in group] == [[0, 1, 3, 4], [2]]
        assert verdicts == ["applied", "applied", "bag-unknown", "bag-unknown", "applied"]

    @pytest.mark.parametrize("same", ["two looks", "a birth", "an act that is refused"])
    def test_stay_with_the_others_where_those_have_the_same_ref(
        self, people, stock, monkeypatch, same
    ):
        one, two = child_codes("SB10003", 2)
        link = scan_request("link", "CB910000001", "SB10001")
        reopen = scan_request("reopen", "SB99999")
        look = scan_request("inspect", one)
        rows = {
            "two looks": [
                look,
                scan_request("unlink", one),
                replace(scan_request("inspect", two), ref=look.ref),
            ],
            "a birth": [link, replace(look, ref=uuid5(link.ref, "CB910000001"))],
            "an act that is refused": [
                reopen,
                replace(look, ref=reopen.ref),
                scan_request("inspect", one),
            ],
        }[same]
        day = SmallDay(1, people)
        day.bags, day.scans = [], [(row, people["asha"]) for row in rows]
        verdicts, _, scans = day.tried(day.one_by_one)
        slow(monkeypatch, looks=False, seconds=0.3)

        assert list(day.at_once()) == verdicts

        assert ways(Scan.objects.order_by("pk").values_list(*SCANS)) == ways(scans)

    def test_never_wait_for_the_others(self, people, stock, monkeypatch):
        """Also as replays, and however long those hold the sack."""
        looks = [scan_request("inspect", code) for code in child_codes("SB10001", 3)]
        list(self.taken_in(looks, people))
        rows = [scan_request("link", "CB910000001", "SB10001"), *looks]
        looked, usual = Event(), bulk._recorded

        def in_order(group, *given, **how):
            verdicts = usual(group, *given, **how)
            if group[0][0].step == "inspect":
                looked.set()
            else:
                assert looked.wait(20)
            return verdicts

        monkeypatch.setattr(bulk, "_recorded", in_order)

        assert named(self.taken_in(rows, people)) == ["applied"] + ["replayed"] * 3

    def test_stay_with_the_others_where_there_is_one_connection(
        self, people, stock, parts, monkeypatch
    ):
        monkeypatch.setattr(connection.pool, "_max_size", 1)
        rows = [scan_request("register", "CB910000001"), scan_request("inspect", "SB10003")]

        assert named(self.taken_in(rows, people)) == ["applied", "applied"]
        assert parts == []

    def test_are_the_whole_group_where_nobody_acts(self, people, stock, parts):
        rows = [scan_request("inspect", code) for code in child_codes("SB10003", 30)]

        assert named(self.taken_in(rows, people)) == ["applied"] * 30
        assert [len(group) for group in parts] == [1]

    def test_need_not_wait_for_who_holds_a_sack_that_others_act_on(self, people, stock):
        rows = [scan_request("link", "CB910000001", "SB10001")]
        rows += [scan_request("inspect", code) for code in child_codes("SB10003", 30)]
        held, seen = Event(), []

        def hold():
            with transaction.atomic():
                Bag.objects.select_for_update().get(code="SB10001")
                held.set()
                patience = time.monotonic() + 20
                while Scan.objects.filter(step="inspect").count() != 30:
                    if time.monotonic() > patience:
                        return
                    time.sleep(0.01)
                seen.append(Scan.objects.filter(step="link", bag__code="CB910000001").exists())

        def take_in():
            held.wait(20)
            return named(self.taken_in(rows, people))

        _, verdicts = run_concurrently([hold, take_in])

        assert seen == [False]
        assert verdicts == ["applied"] * 31

    def test_are_kept_though_the_others_are_not_and_come_back_as_replays(
        self, people, stock, monkeypatch
    ):
        rows = [scan_request("link", "CB910000001", "SB10001"), scan_request("inspect", "SB10003")]
        usual = bulk._recorded

        def failing(group, *given, **how):
            if group[0][0].step == "link":
                raise Busy
            return usual(group, *given, **how)

        with monkeypatch.context() as broken:
            broken.setattr(bulk, "_recorded", failing)
            with pytest.raises(Busy):
                list(self.taken_in(rows, people))

        assert named(self.taken_in(rows, people)) == ["applied", "replayed"]

    def test_are_in_the_same_transaction_where_the_caller_has_one(self, people, stock, parts):
        rows = [scan_request("register", "CB910000001"), scan_request("inspect", "SB10003")]

        with transaction.atomic():
            list(self.taken_in(rows, people))
            transaction.set_rollback(True)

        assert parts == []
        assert not Scan.objects.filter(step="inspect").exists()

    def test_give_their_connection_back(self, people, stock, parts):
        rows = [scan_request("register", "CB910000001"), scan_request("inspect", "SB10003")]
        before = lent()

        list(self.taken_in(rows, people))

        assert len(parts[0]) == 2
        patience = time.monotonic() + 10
        # One that the pool is still making counts as lent.
        while lent() > before:
            assert time.monotonic() < patience
            time.sleep(0.01)

    def taken_in(self, entries, people):
        return record_scans([(e, people["asha"]) for e in entries], areas=None, now=NOW)


def test_turns_are_short_while_a_sheet_is_taken_in_only(people, tmp_path, monkeypatch):
    usual, seen = sys.getswitchinterval(), []
    record = bulk.record_scans

    def noted(*given, **how):
        seen.append(sys.getswitchinterval())
        return record(*given, **how)

    monkeypatch.setattr(bulk, "record_scans", noted)
    sheet = tmp_path / "scans.csv"
    sheet.write_text("ref,code,parent_code,step,area,station,actor,scanned_at,note\n")

    call_command("import_scans", str(sheet))

    assert seen[0] < usual
    assert sys.getswitchinterval() == usual


def slow(monkeypatch, *, looks, seconds):
    """Have one of both parts come later."""
    usual = bulk._recorded

    def recorded(group, *given, **how):
        if looks == all(row.step == "inspect" for row, _ in group):
            time.sleep(seconds)
        return usual(group, *given, **how)

    monkeypatch.setattr(bulk, "_recorded", recorded)


def by_ref(scan):
    return str(scan[REF]), scan


def ways(scans):
    """What happened to each bag, in order."""
    seen = {}
    for scan in scans:
        seen.setdefault(scan[BAG], []).append(scan)
    return seen


def lent():
    """How many connections of the pool are in somebody's hands."""
    stats = connection.pool.get_stats()
    return stats["pool_size"] - stats["pool_available"]
