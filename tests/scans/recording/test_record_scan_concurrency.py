"""Concurrent scans give the same results as scans one after the other."""

import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.roles import Role
from bags.models import Bag
from dashboard.stats.counters import find_drifts
from scans.history.verification import find_differences
from scans.models import Scan
from tests.concurrency import run_concurrently
from tests.factories import child_codes, make_loose_child, make_parent, make_user, scan
from tracetrack.errors.problem import Problem

pytestmark = pytest.mark.django_db(transaction=True)


def verdicts(results):
    return Counter(r.code if isinstance(r, Problem) else r.verdict for r in results)


class TestConcurrentScans:
    def test_32_scans_for_the_last_place_give_one_success(self, ben):
        make_parent("M444-10001", children=14)
        codes = [f"MG{n:09d}" for n in range(1, 33)]
        for code in codes:
            make_loose_child(code)

        results = run_concurrently(
            [partial(scan, ben, "link", code, "M444-10001") for code in codes]
        )

        assert verdicts(results) == {"applied": 1, "parent-full": 31}
        assert Bag.objects.get(code="M444-10001").child_count == 15
        assert Bag.objects.filter(parent__code="M444-10001").count() == 15

    def test_32_new_children_for_the_last_place_leave_no_orphans(self, ben):
        make_parent("M444-10001", children=14)
        codes = [f"MG{n:09d}" for n in range(1, 33)]

        results = run_concurrently(
            [partial(scan, ben, "link", code, "M444-10001") for code in codes]
        )

        assert verdicts(results) == {"applied": 1, "parent-full": 31}
        assert Bag.objects.filter(kind="child").count() == 15

    def test_the_same_ref_from_16_threads_gives_one_row(self, ben):
        ref, now = uuid4(), timezone.now()

        once = partial(scan, ben, "link", "CB000000001", "SB10001", ref=ref, scanned_at=now)
        results = run_concurrently([once] * 16)

        assert verdicts(results) == {"applied": 1, "replayed": 15}
        assert Scan.objects.filter(ref=ref).count() == 1
        assert {result.scan.pk for result in results} == {Scan.objects.get(ref=ref).pk}

    def test_the_same_ref_for_16_bags_gives_one_row(self, ben):
        ref, now = uuid4(), timezone.now()

        results = run_concurrently(
            [
                partial(scan, ben, "register", f"CB{n:09d}", ref=ref, scanned_at=now)
                for n in range(16)
            ]
        )

        assert verdicts(results) == {"applied": 1, "ref-reused": 15}
        assert Bag.objects.count() == 1

    def test_links_of_one_child_into_two_parents_give_one_link(self, ben):
        make_parent("SB10001")
        make_parent("SB10002")
        make_loose_child("CB000000001")

        results = run_concurrently(
            [partial(scan, ben, "link", "CB000000001", p) for p in ("SB10001", "SB10002")]
        )

        assert verdicts(results) == {"applied": 1, "child-elsewhere": 1}
        assert sorted(Bag.objects.filter(kind="parent").values_list("child_count", flat=True)) == [
            0,
            1,
        ]

    def test_16_threads_registering_one_code_give_one_bag(self, ben):
        results = run_concurrently([partial(scan, ben, "register", "SB10001")] * 16)

        assert verdicts(results) == {"applied": 1, "already": 15}

    def test_a_dispatch_and_an_unlink_are_serialized(self, ben):
        make_parent("M444-10001", children=15)
        code = child_codes("M444-10001", 1)[0]

        results = run_concurrently(
            [
                partial(scan, ben, "dispatch", "M444-10001", area="jaipur"),
                partial(scan, ben, "unlink", code),
            ]
        )

        assert verdicts(results) in (
            {"applied": 1, "parent-dispatched": 1},
            {"applied": 1, "not-complete": 1},
        )
        assert not list(find_differences())


class TestCommit:
    def test_is_sent_with_the_last_statement(self, ben):
        make_loose_child("CB000000001")

        with CaptureQueriesContext(connection) as queries:
            scan(ben, "inspect", "CB000000001")

        sent = [query["sql"] for query in queries if query["sql"] not in ("BEGIN", "COMMIT")]
        assert sent[-1].startswith("SELECT * FROM scans_save")
        assert sent[-1].endswith("; COMMIT")

    def test_is_not_sent_inside_another_block(self, ben):
        before = Scan.objects.count()

        with transaction.atomic():
            make_loose_child("CB000000001", actor=ben)
            transaction.set_rollback(True)

        assert Scan.objects.count() == before
        assert not Bag.objects.filter(code="CB000000001").exists()

    def test_leaves_nothing_if_it_fails(self, ben):
        before = Scan.objects.count()
        with connection.cursor() as cursor:
            # A deferred trigger fails during COMMIT, as a foreign key would.
            cursor.execute(
                "CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS"
                " $$BEGIN RAISE foreign_key_violation; END$$;"
                "CREATE CONSTRAINT TRIGGER no AFTER INSERT ON bags_bag DEFERRABLE"
                " INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION no()"
            )
        try:
            with pytest.raises(IntegrityError):
                make_loose_child("CB000000001", actor=ben)
        finally:
            with connection.cursor() as cursor:
                cursor.execute("DROP FUNCTION no() CASCADE")

        assert Scan.objects.count() == before
        assert not Bag.objects.filter(code="CB000000001").exists()


class TestRandomScans:
    """1000 random scans in 12 threads: no deadlock, and the bags match the ledger."""

    STEPS = (
        ["link"] * 8
        + ["unlink", "move", "move", "complete", "reopen", "dispatch", "receive"]
        + ["return", "inspect", "undo", "undo"]
    )

    def act(self, people, seed):
        rng = random.Random(seed)
        actor = rng.choice(people)
        step = rng.choice(self.STEPS)
        parents = [f"M444-1000{n}" for n in range(6)]
        children = [f"MG00000{n:04d}" for n in range(60)]
        on_parent = step in ("complete", "reopen", "dispatch", "receive")
        either = parents + children if step in ("return", "inspect") else children
        code = rng.choice(parents if on_parent else either)
        area = rng.choice(["lucknow", "jaipur", "akola"])
        more = {}
        if step == "undo":
            target = Scan.objects.filter(actor=actor).exclude(step="undo").order_by("-pk").first()
            if target is None:
                return "nothing"
            code, more = target.bag.code, {"undoes": target.pk, "note": "slip"}
        parent = rng.choice(parents) if step in ("link", "move") else None
        try:
            return scan(actor, step, code, parent, area=area, **more).verdict
        except Problem as problem:
            return problem.code

    @pytest.mark.parametrize("seed", [1, 2])
    def test_leave_bags_that_match_the_ledger(self, ben, seed):
        people = [ben, *(make_user(f"office{n}", Role.OFFICE) for n in range(5))]

        def run(batch):
            try:
                return [self.act(people, seed * 1_000_000 + n) for n in batch]
            finally:
                connection.close()

        with ThreadPoolExecutor(12) as pool:
            batches = [range(start, 1000, 12) for start in range(12)]
            verdicts = Counter(word for verdicts in pool.map(run, batches) for word in verdicts)

        assert sum(verdicts.values()) == 1000
        assert verdicts["applied"] > 200, verdicts
        assert list(find_differences()) == []
        assert find_drifts() == []
        for parent in Bag.objects.filter(kind="parent"):
            assert parent.child_count == parent.children.count() <= 15
            assert parent.weight == sum(child.weight for child in parent.children.all())
