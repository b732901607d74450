"""The seed: its ledger, counters, schema and reproducibility; the working hours."""

from datetime import UTC, datetime
from itertools import pairwise

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from accounts.models import User
from bags.models import Bag, Batch
from dashboard.stats import counters
from demo.workload import hour_shares
from scans.history import verification
from scans.models import Scan

UNTIL = "2026-11-20T18:00+05:30"
INDEXES_AND_CONSTRAINTS = """
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


def seed(*, bags=3000, scans=7500, until=UNTIL, random_seed=1):
    call_command(
        "seed", bags=bags, scans=scans, until=datetime.fromisoformat(until), seed=random_seed
    )


def fetch_all(statement):
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall()


@pytest.mark.django_db
class TestSeededSite:
    def test_has_requested_numbers(self):
        seed()

        assert (Bag.objects.count(), Scan.objects.count()) == (3000, 7500)

    def test_bags_match_ledger(self):
        seed()

        assert list(verification.find_differences()) == []

    def test_counters_equal_recount(self):
        seed()

        assert counters.find_drifts() == []

    def test_first_scan_of_every_bag_is_register(self):
        seed()

        first_scans = fetch_all(
            "SELECT DISTINCT ON (bag_id) step, outcome FROM scans_scan ORDER BY bag_id, id"
        )
        assert set(first_scans) == {("register", "applied")}

    def test_ledger_is_in_order_of_time(self):
        seed()

        times = list(Scan.objects.order_by("id").values_list("scanned_at", flat=True))
        assert times == sorted(times)
        assert times[-1] <= datetime.fromisoformat(UNTIL)

    def test_has_all_states_areas_and_types(self):
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

    def test_keeps_indexes_and_constraints(self):
        before = fetch_all(INDEXES_AND_CONSTRAINTS)

        seed()

        assert fetch_all(INDEXES_AND_CONSTRAINTS) == before

    def test_uses_no_labels_that_start_with_nine(self):
        seed()

        assert not Bag.objects.filter(code__regex="^..9").exists()

    def test_sequences_continue_after_last_id(self):
        seed()
        last = Bag.objects.latest("id")

        with connection.cursor() as cursor:
            cursor.execute("SELECT nextval(pg_get_serial_sequence('bags_bag', 'id'))")
            assert cursor.fetchone()[0] > last.pk

    @pytest.mark.parametrize("bags", [1, 2, 31, 100])
    def test_works_for_few_bags(self, bags):
        seed(bags=bags, scans=bags * 5)

        assert Bag.objects.count() == bags
        assert Scan.objects.count() == bags * 5
        assert list(verification.find_differences()) == []


@pytest.mark.django_db
class TestSeed:
    def test_is_reproducible(self):
        digests = [self.digest(random_seed) for random_seed in (7, 7, 8)]

        assert digests[0] == digests[1]
        assert digests[0] != digests[2]

    def digest(self, random_seed):
        with transaction.atomic():
            seed(random_seed=random_seed)
            rows = fetch_all(DIGEST)
            transaction.set_rollback(True)
        return rows

    def test_refuses_site_with_bags(self):
        seed(bags=100, scans=500)

        with pytest.raises(CommandError, match="already holds"):
            seed(bags=100, scans=500)

    def test_works_on_connection_with_temporary_tables(self):
        with connection.cursor() as cursor:
            cursor.execute("CREATE TEMP TABLE used ON COMMIT DROP AS SELECT 1")

        seed(bags=100, scans=500)

        assert Bag.objects.count() == 100

    def test_reports_required_scans(self):
        with pytest.raises(CommandError, match=r"take \d+ scans"):
            seed(bags=1000, scans=1000)

        assert not Bag.objects.exists()

    @pytest.mark.parametrize(
        "arguments", [["--bags=0"], ["--bags=x"], ["--bags=9", "--until=noon"]]
    )
    def test_refuses_invalid_arguments(self, arguments):
        with pytest.raises(CommandError):
            call_command("seed", *arguments)


class TestHourShares:
    def test_cover_all_work_without_gap(self):
        hours = hour_shares(datetime(2026, 11, 20, 12, 30, tzinfo=UTC))

        assert hours[0].share_from == 0
        assert hours[-1].share_to == pytest.approx(1)
        assert all(a.share_to == b.share_from for a, b in pairwise(hours))

    def test_are_small_at_night_and_on_sundays(self):
        hours = hour_shares(datetime(2026, 11, 20, 12, 30, tzinfo=UTC))
        share = {hour.starts_at: hour.share_to - hour.share_from for hour in hours}

        # Thursday 09:30, Thursday 02:30 and Sunday 09:30 in Kolkata.
        busy, night, sunday = (
            share[datetime(2026, 11, day, hour, tzinfo=UTC)]
            for day, hour in [(19, 4), (18, 21), (15, 4)]
        )
        assert night < busy / 10
        assert sunday < busy / 5
