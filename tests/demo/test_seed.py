"""A seeded site is one that people could have made: its ledger, its numbers, its shape."""

from datetime import UTC, datetime
from itertools import pairwise

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from accounts.models import User
from bags.models import Bag, Batch
from dashboard.stats import counters
from demo.workload import hours
from scans.history import verification
from scans.models import Scan

UNTIL = "2026-11-20T18:00+05:30"
SHAPE = """
    SELECT tablename, indexdef FROM pg_indexes
    WHERE tablename IN ('bags_bag', 'bags_bagcode', 'scans_scan')
    UNION ALL
    SELECT conrelid::regclass::text, pg_get_constraintdef(oid) FROM pg_constraint
    WHERE conrelid IN (
        'bags_bag'::regclass, 'bags_bagcode'::regclass, 'scans_scan'::regclass
    )
    ORDER BY 1, 2
"""
DIGEST = """
    SELECT (SELECT md5(string_agg(concat_ws(' ', bag.code, kind, state, area.code, child_count), ','
                ORDER BY bag.code))
            FROM bags_bag AS bag JOIN bags_area AS area ON area.id = area_id),
        (SELECT md5(string_agg(concat_ws(' ', ref, step, scanned_at), ',' ORDER BY id))
            FROM scans_scan)
"""


def seed(*, bags=3000, scans=7500, until=UNTIL, dice=1):
    call_command("seed", bags=bags, scans=scans, until=datetime.fromisoformat(until), seed=dice)


def asked(statement):
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall()


@pytest.mark.django_db
class TestASeededSite:
    def test_has_as_many_bags_and_scans_as_were_asked_for(self):
        seed()

        assert (Bag.objects.count(), Scan.objects.count()) == (3000, 7500)

    def test_is_what_its_ledger_says(self):
        seed()

        assert list(verification.find_differences()) == []

    def test_has_counters_that_equal_a_recount(self):
        seed()

        assert counters.find_drifts() == []

    def test_begins_every_ledger_with_register(self):
        seed()

        firsts = asked(
            "SELECT DISTINCT ON (bag_id) step, outcome FROM scans_scan ORDER BY bag_id, id"
        )
        assert set(firsts) == {("register", "applied")}

    def test_tells_its_ledger_in_the_order_of_time(self):
        seed()

        times = list(Scan.objects.order_by("id").values_list("scanned_at", flat=True))
        assert times == sorted(times)
        assert times[-1] <= datetime.fromisoformat(UNTIL)

    def test_has_all_that_people_would_look_for(self):
        seed(bags=10_000, scans=25_000)

        states = set(Bag.objects.values_list("kind", "state").distinct())
        assert states >= {
            ("parent", "open"), ("parent", "complete"), ("parent", "dispatched"),
            ("parent", "received"), ("parent", "returned"), ("child", "linked"), ("child", "loose"),
        }  # fmt: skip
        assert Bag.objects.values("area").distinct().count() == 10
        assert set(Bag.objects.filter(kind="parent").values_list("capacity", flat=True)) == {15, 30}
        assert set(Batch.objects.values_list("state", flat=True)) == {"open", "closed"}
        assert User.objects.count() == 300

    def test_keeps_every_index_and_key(self):
        before = asked(SHAPE)

        seed()

        assert asked(SHAPE) == before

    def test_leaves_the_labels_that_begin_with_nine_to_others(self):
        seed()

        assert not Bag.objects.filter(code__regex="^..9").exists()

    def test_takes_new_bags_after_its_own(self):
        seed()
        last = Bag.objects.latest("id")

        with connection.cursor() as cursor:
            cursor.execute("SELECT nextval(pg_get_serial_sequence('bags_bag', 'id'))")
            assert cursor.fetchone()[0] > last.pk

    @pytest.mark.parametrize("bags", [1, 2, 31, 100])
    def test_may_be_tiny(self, bags):
        seed(bags=bags, scans=bags * 5)

        assert Bag.objects.count() == bags
        assert Scan.objects.count() == bags * 5
        assert list(verification.find_differences()) == []


@pytest.mark.django_db
class TestSeed:
    def test_gives_the_same_site_for_the_same_dice(self):
        digests = [self.rolled(dice) for dice in (7, 7, 8)]

        assert digests[0] == digests[1]
        assert digests[0] != digests[2]

    def rolled(self, dice):
        with transaction.atomic():
            seed(dice=dice)
            digest = asked(DIGEST)
            transaction.set_rollback(True)
        return digest

    def test_refuses_a_site_in_use(self):
        seed(bags=100, scans=500)

        with pytest.raises(CommandError, match="already holds"):
            seed(bags=100, scans=500)

    def test_works_on_a_connection_that_has_used_tables_of_its_own(self):
        with connection.cursor() as cursor:
            cursor.execute("CREATE TEMP TABLE used ON COMMIT DROP AS SELECT 1")

        seed(bags=100, scans=500)

        assert Bag.objects.count() == 100

    def test_says_how_many_scans_it_takes(self):
        with pytest.raises(CommandError, match=r"take \d+ scans"):
            seed(bags=1000, scans=1000)

        assert not Bag.objects.exists()

    @pytest.mark.parametrize("words", [["--bags=0"], ["--bags=x"], ["--bags=9", "--until=noon"]])
    def test_refuses_what_it_cannot_read(self, words):
        with pytest.raises(CommandError):
            call_command("seed", *words)


class TestTheHours:
    def test_share_all_the_work_without_a_gap(self):
        found = hours(datetime(2026, 11, 20, 12, 30, tzinfo=UTC))

        assert found[0].share_from == 0
        assert found[-1].share_to == pytest.approx(1)
        assert all(a.share_to == b.share_from for a, b in pairwise(found))

    def test_rest_at_night_and_on_sundays(self):
        found = hours(datetime(2026, 11, 20, 12, 30, tzinfo=UTC))
        share = {hour.starts_at: hour.share_to - hour.share_from for hour in found}

        # Thursday 09:30, Thursday 02:30 and Sunday 09:30 in Kolkata.
        busy, night, sunday = (
            share[datetime(2026, 11, day, hour, tzinfo=UTC)]
            for day, hour in [(19, 4), (18, 21), (15, 4)]
        )
        assert night < busy / 10
        assert sunday < busy / 5
