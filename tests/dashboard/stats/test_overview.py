"""The statistics equal a recount for every user."""

from collections import Counter
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.roles import Role
from bags.errors import AreaUnknown, BatchUnknown
from bags.models import Bag
from dashboard.business_days import PERIODS, business_day, period_days
from dashboard.models import BagDay, BatchDay
from dashboard.stats.counters import roll_up
from dashboard.stats.queries import batch_stats, count_rows, overview, user_stats
from scans.models import Scan
from tests.factories import (
    assign_batch,
    child_codes,
    create_reference_data,
    make_batch,
    make_loose_child,
    make_parent,
    make_user,
    scan,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def ben():
    create_reference_data()
    return make_user("ben", Role.OFFICE)


@pytest.fixture
def history(ben):
    """Bags in three areas, one dispatched parent, scans on nine days."""
    asha = make_user("asha", Role.OPERATOR, ["lucknow", "akola"])
    make_parent("M444-10001", children=15, area="lucknow")
    make_parent("M444-10002", children=4, area="akola")
    make_parent("M444-10003", children=15, area="jaipur")
    make_loose_child("MG000000999", area="jaipur")
    scan(ben, "dispatch", "M444-10003", area="lucknow")
    scan(ben, "return", child_codes("M444-10002", 1)[0], area="akola")
    for ago in range(1, 9):
        then = timezone.now() - timedelta(days=ago)
        scan(asha if ago % 2 else ben, "inspect", "M444-10001", scanned_at=then)
    make_batch("LOT-1")
    make_batch("LOT-2", held_by=ben)
    make_batch("LOT-3", state="closed")


def recount(bags, scans, now):
    today = business_day(now)
    days = Counter(business_day(at) for at in scans.values_list("scanned_at", flat=True))
    week = [today - timedelta(days=n) for n in range(7)]
    actors = {a for at, a in scans.values_list("scanned_at", "actor") if business_day(at) in week}
    return {
        "bags": {
            "parent": bags.filter(kind="parent").count(),
            "child": bags.filter(kind="child").count(),
            "total": bags.count(),
            "loose": bags.filter(kind="child", parent=None).count(),
            "incomplete": bags.filter(kind="parent", state="open").count(),
        },
        "scans": {
            "total": scans.count(),
            "today": days[today],
            "week": sum(days[d] for d in week),
            "active_users": len(actors),
        },
        "batches": {"total": 3, "open": 2, "closed": 1, "held": 1},
    }


class TestOverview:
    @pytest.mark.parametrize("rolled_up", [False, True])
    def test_equals_recount(self, ben, history, rolled_up):
        if rolled_up:
            roll_up()
        now = timezone.now()

        result = overview(ben, now=now)

        assert result["stats"] == recount(Bag.objects.all(), Scan.objects.all(), now)
        assert sum(row["scans"] for row in result["by_day"]) == Scan.objects.count()
        assert len(result["by_day"]) == 30
        assert result["by_day"][-1]["day"] == business_day(now).isoformat()
        assert sum(h["today"] for h in result["by_hour"]) == result["stats"]["scans"]["today"]

    @pytest.mark.parametrize("areas", [["lucknow"], ["akola", "jaipur"], []])
    def test_is_limited_to_areas_of_operator(self, history, areas):
        cho = make_user("cho", Role.OPERATOR, areas)
        now = timezone.now()

        result = overview(cho, now=now)

        scans = Scan.objects.filter(area__code__in=areas)
        assert result["stats"] == recount(Bag.objects.visible_to(cho), scans, now)
        assert [row["area"] for row in result["by_area"]] == sorted(areas)
        assert {row["area"] for row in result["recent_activity"]} <= set(areas)

    def test_counts_by_area(self, ben, history):
        rows = {row["area"]: row for row in overview(ben, now=timezone.now())["by_area"]}

        assert len(rows) == 10
        lucknow = {k: rows["lucknow"][k] for k in ("parents", "children", "on_the_way")}
        assert lucknow == {"parents": 1, "children": 15, "on_the_way": 16}
        assert (rows["jaipur"]["loose"], rows["akola"]["incomplete"]) == (1, 1)

    def test_lists_ten_latest_scans(self, ben, history):
        latest = overview(ben, now=timezone.now())["recent_activity"]

        assert [row["id"] for row in latest] == list(
            Scan.objects.order_by("-pk").values_list("pk", flat=True)[:10]
        )

    def test_is_zero_without_data(self, db):
        boss = make_user("boss", Role.OFFICE)

        result = overview(boss, now=timezone.now())

        assert result["stats"]["bags"]["total"] == 0
        assert (result["by_area"], result["top_operators"], result["recent_activity"]) == (
            [],
            [],
            [],
        )

    def test_uses_business_days(self, ben):
        make_parent("SB10001")
        # Two days later, so that the registration of the bag counts for neither day.
        now = timezone.now().replace(hour=19, minute=0) + timedelta(days=2)
        scan(ben, "inspect", "SB10001", scanned_at=now - timedelta(minutes=31), now=now)
        scan(ben, "inspect", "SB10001", scanned_at=now - timedelta(minutes=29), now=now)

        rows = overview(ben, now=now)["by_hour"]

        assert (rows[0]["today"], rows[23]["yesterday"]) == (1, 1)

    @pytest.mark.parametrize("rolled_up", [False, True])
    @pytest.mark.parametrize("area", [None, "akola", "lucknow"])
    def test_contains_totals_at_end_of_yesterday(self, ben, history, rolled_up, area):
        now = timezone.now()
        before = overview(ben, now=now, area=area)["stats"]
        roll_up()
        yesterday = business_day(now) - timedelta(days=1)
        BagDay.objects.update(day=yesterday)
        BatchDay.objects.update(day=yesterday)
        make_parent("SB10001", children=2, area="akola")
        scan(ben, "complete", "M444-10002", area="akola")
        make_batch("LOT-5", held_by=ben)
        if rolled_up:
            roll_up()

        result = overview(ben, now=now, area=area)

        assert result["yesterday"]["bags"] == before["bags"]
        assert result["yesterday"]["batches"] == before["batches"]
        assert (result["stats"]["bags"] != before["bags"]) == (area != "lucknow")

    def test_contains_scans_of_yesterday_and_its_week(self, ben, history):
        now = timezone.now()
        later = overview(ben, now=now + timedelta(days=1))["yesterday"]["scans"]

        assert later == overview(ben, now=now)["stats"]["scans"]

    @pytest.mark.parametrize("rolled_up", [False, True])
    @pytest.mark.parametrize("area", [None, "akola", "lucknow"])
    @pytest.mark.parametrize("period", PERIODS)
    def test_period_equals_recount(self, ben, history, rolled_up, area, period):
        if rolled_up:
            roll_up()
        now = timezone.now()
        first, last = period_days(period, business_day(now))
        scans = Scan.objects.filter(**({"area__code": area} if area else {}))
        in_period = [s for s in scans if first <= business_day(s.scanned_at) <= last]

        result = overview(ben, now=now, area=area, period=period)

        steps = Counter(s.step for s in in_period)
        assert {row["step"]: row["scans"] for row in result["funnel"]} == {
            step: steps[step] for step in ("register", "link", "complete", "dispatch", "receive")
        }
        assert (
            result["period"]["scans"]
            == len(in_period)
            == sum(r["scans"] for r in result["by_area"])
        )
        assert result["period"]["active_users"] == len({s.actor_id for s in in_period})
        by_user = Counter(s.actor.username for s in in_period)
        assert {r["username"]: r["scans"] for r in result["top_operators"]} == by_user

    def test_compares_completed_hours_with_yesterday(self, ben):
        make_parent("SB10001")
        now = timezone.now().replace(hour=9, minute=10)
        for hours in (0, 1, 24, 25, 26):
            scan(ben, "inspect", "SB10001", scanned_at=now - timedelta(hours=hours), now=now)

        pace = overview(ben, now=now)["pace"]

        # 14:40 in Kolkata.
        assert (pace["until_hour"], pace["yesterday"]) == (14, 2)

    def test_refuses_invisible_area(self, history):
        cho = make_user("cho", Role.OPERATOR, ["akola"])

        for area in ("jaipur", "nowhere"):
            with pytest.raises(AreaUnknown):
                overview(cho, now=timezone.now(), area=area)

    def test_needs_two_queries(self, ben, history, django_assert_num_queries):
        with django_assert_num_queries(2):
            overview(ben, now=timezone.now())


class TestBatchStats:
    def test_contain_requested_parts(self, ben, history):
        now = timezone.now()

        assert set(batch_stats(ben, stats=["bags"], batches=None, now=now)) == {"bags"}
        assert set(batch_stats(ben, stats=["all"], batches=None, now=now)) == {
            "bags", "users", "activity", "batches",
        }  # fmt: skip

    def test_are_limited_to_batches(self, ben, history):
        assign_batch(make_batch("LOT-4", "moong", planned_bags=32), "M444-10001", "MG000000999")

        stats = batch_stats(ben, stats=["all"], batches=["LOT-4"], now=timezone.now())

        assert stats["bags"]["LOT-4"]["by_area"] == [
            {"area": "jaipur", "total": 1},
            {"area": "lucknow", "total": 1},
        ]
        assert stats["batches"][0]["progress"] == 2 / 32

    def test_refuse_unknown_batch(self, ben, history):
        with pytest.raises(BatchUnknown):
            batch_stats(ben, stats=["bags"], batches=["LOT-9"], now=timezone.now())


class TestUserStats:
    def test_count_scans_of_user(self, ben, history):
        stats = user_stats(ben, now=timezone.now())

        assert stats["total"] == Scan.objects.filter(actor=ben).count()
        assert stats["by_step"]["inspect"] == 4
        assert stats["today"] == 2


class TestCountRows:
    def test_counts_tables(self, ben, history):
        counts = count_rows()

        assert counts["parents_by_state"] == {"complete": 1, "dispatched": 1, "open": 1}
        assert counts["children"] == 35
        assert counts["linked_children"] + counts["loose_children"] == 35
