"""The demo: whoever starts TraceTrack for the first time finds it at work."""

import stat
from datetime import timedelta
from io import StringIO

import pytest
from django.contrib.auth import authenticate
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts.authentication import find_token
from accounts.models import User
from bags.models import Bag, Batch
from dashboard.stats.counters import find_drifts
from demo import demo_month
from demo.management.commands import seed_demo
from scans.models import Scan
from tests.factories import create_reference_data, make_parent
from tests.import_commands import row_versions


@pytest.fixture
def seed(db, settings, tmp_path):
    """Run the command and give what it says."""
    settings.LOCAL, settings.DATA = True, tmp_path / "data"

    def run(*options):
        out = StringIO()
        call_command("seed_demo", *options, stdout=out, stderr=StringIO())
        return out.getvalue()

    return run


def token_in(told):
    return told.rsplit(" ", 1)[1].strip()


class TestTheDemo:
    def test_is_a_month_of_work_that_has_not_ended(self, seed):
        seed()

        now = timezone.now()
        assert Bag.objects.filter(kind="parent").count() > 120
        assert Bag.objects.filter(kind="child").count() > 2800
        assert Bag.objects.loose().exists()
        assert Batch.objects.filter(held=True).count() == 1
        assert Batch.objects.count() == len(demo_month.LOTS)
        last = Scan.objects.latest("scanned_at").scanned_at
        first = Scan.objects.earliest("scanned_at").scanned_at
        assert timedelta(0) < now - last < timedelta(minutes=10)
        assert now - first > timedelta(days=29)
        assert not Scan.objects.filter(recorded_at__gt=now).exists()
        assert set(Scan.objects.values_list("outcome", flat=True)) == {"applied", "already"}
        assert find_drifts() == []

    def test_is_the_work_of_people_who_each_see_some_areas(self, seed, monkeypatch):
        monkeypatch.setattr(seed_demo, "_make", lambda people: None)
        seed()

        where = {
            name: set(User.objects.get(username=name).areas.values_list("code", flat=True))
            for name in demo_month.OPERATORS
        }
        assert {len(areas) for areas in where.values()} == {3, 4}
        assert set.union(*where.values()) == set(demo_month.AREAS)
        lies_in = {}
        for shift in demo_month.month(timezone.now()):
            lies_in |= {bag.code: bag.area for bag in shift.bags}
            for entry, actor in shift.scans:
                place = lies_in[entry.code] if entry.step == "dispatch" else entry.area
                assert place in where[actor], entry

    def test_is_made_once_and_says_the_same_every_time(self, seed):
        first = seed()
        before = row_versions("bags_bag"), Scan.objects.count()
        second = seed()

        assert (row_versions("bags_bag"), Scan.objects.count()) == before
        assert first.splitlines()[1:] == second.splitlines()

    def test_lets_everybody_in_as_it_says(self, seed, monkeypatch):
        monkeypatch.setattr(seed_demo, "_make", lambda people: None)
        lines = [line.split() for line in seed().splitlines() if "-demo-1" in line]

        assert len(lines) == len(seed_demo.PEOPLE)
        for username, password, role in lines:
            assert authenticate(username=username, password=password).role == role
        assert len(User.objects.get(username="viewer").area_ids) == 10

    def test_is_not_mixed_with_anybody_s_own_bags(self, seed):
        create_reference_data()
        make_parent("SB10001")

        seed()

        assert Bag.objects.count() == 1
        assert not Batch.objects.exists()

    def test_is_finished_where_it_was_interrupted(self, seed, monkeypatch):
        usual = demo_month.month
        monkeypatch.setattr(demo_month, "month", lambda now: interrupted(usual(now)))
        with pytest.raises(KeyboardInterrupt):
            seed()
        begun = Bag.objects.count()
        monkeypatch.setattr(demo_month, "month", usual)

        seed()

        assert 0 < begun < Bag.objects.count()
        assert Bag.objects.filter(kind="parent").count() > 120

    def test_is_refused_to_a_real_database_unless_asked_for(self, seed, settings, monkeypatch):
        monkeypatch.setattr(seed_demo, "_make", lambda people: None)
        settings.LOCAL = False

        with pytest.raises(CommandError, match="--yes"):
            seed()
        assert not User.objects.exists()

        assert "admin-demo-1" in seed("--yes")


class TestTheTokenOfTheDemo:
    @pytest.fixture(autouse=True)
    def quick(self, monkeypatch):
        monkeypatch.setattr(seed_demo, "_make", lambda people: None)

    def test_is_good_and_stays_the_same_in_a_file_of_its_owner(self, seed, settings):
        told = seed()

        found = find_token(token_in(told), now=timezone.now())
        assert found.user.username == "erp"
        file = settings.DATA / "demo-token"
        assert file.read_text().strip() == token_in(told)
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert token_in(seed()) == token_in(told)

    @pytest.mark.parametrize("content", ["", "tt_stale", None])
    def test_is_made_anew_where_it_is_lost_or_of_another_database(self, seed, settings, content):
        first = token_in(seed())
        file = settings.DATA / "demo-token"
        if content is None:
            file.unlink()
        else:
            file.write_text(content)

        second = token_in(seed())

        assert second != first
        assert find_token(second, now=timezone.now()) is not None


def interrupted(shifts):
    yield next(shifts)
    yield next(shifts)
    raise KeyboardInterrupt
