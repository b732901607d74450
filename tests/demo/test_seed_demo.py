"""The demo data and demo logins of a first start."""

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
    """Return a function that runs the command and returns its output."""
    settings.LOCAL, settings.DATA = True, tmp_path / "data"

    def run(*options):
        out = StringIO()
        call_command("seed_demo", *options, stdout=out, stderr=StringIO())
        return out.getvalue()

    return run


def token_in(output):
    return output.rsplit(" ", 1)[1].strip()


class TestDemo:
    def test_is_one_month_up_to_now(self, seed):
        seed()

        now = timezone.now()
        assert Bag.objects.filter(kind="parent").count() > 120
        assert Bag.objects.filter(kind="child").count() > 2800
        assert Bag.objects.loose().exists()
        assert Batch.objects.filter(held=True).count() == 1
        assert Batch.objects.count() == len(demo_month.BATCHES)
        last = Scan.objects.latest("scanned_at").scanned_at
        first = Scan.objects.earliest("scanned_at").scanned_at
        assert timedelta(0) < now - last < timedelta(minutes=10)
        assert now - first > timedelta(days=29)
        assert not Scan.objects.filter(recorded_at__gt=now).exists()
        assert set(Scan.objects.values_list("outcome", flat=True)) == {"applied", "already"}
        assert find_drifts() == []

    def test_operators_work_in_their_own_areas(self, seed, monkeypatch):
        monkeypatch.setattr(seed_demo, "_create_data", lambda users: None)
        seed()

        areas_of = {
            name: set(User.objects.get(username=name).areas.values_list("code", flat=True))
            for name in demo_month.OPERATORS
        }
        assert {len(areas) for areas in areas_of.values()} == {3, 4}
        assert set.union(*areas_of.values()) == set(demo_month.AREAS)
        bag_areas = {}
        for day in demo_month.generate_month(timezone.now()):
            bag_areas |= {bag.code: bag.area for bag in day.bags}
            for request, actor in day.scans:
                area = bag_areas[request.code] if request.step == "dispatch" else request.area
                assert area in areas_of[actor], request

    def test_is_created_once(self, seed):
        first = seed()
        before = row_versions("bags_bag"), Scan.objects.count()
        second = seed()

        assert (row_versions("bags_bag"), Scan.objects.count()) == before
        assert first.splitlines()[1:] == second.splitlines()

    def test_printed_logins_work(self, seed, monkeypatch):
        monkeypatch.setattr(seed_demo, "_create_data", lambda users: None)
        lines = [line.split() for line in seed().splitlines() if "-demo-1" in line]

        assert len(lines) == len(seed_demo.USERS)
        for username, password, role in lines:
            assert authenticate(username=username, password=password).role == role
        assert len(User.objects.get(username="viewer").area_ids) == 10

    def test_is_not_added_to_existing_bags(self, seed):
        create_reference_data()
        make_parent("SB10001")

        seed()

        assert Bag.objects.count() == 1
        assert not Batch.objects.exists()

    def test_is_completed_after_interruption(self, seed, monkeypatch):
        generate_month = demo_month.generate_month
        monkeypatch.setattr(
            demo_month, "generate_month", lambda now: interrupt(generate_month(now))
        )
        with pytest.raises(KeyboardInterrupt):
            seed()
        bags_before = Bag.objects.count()
        monkeypatch.setattr(demo_month, "generate_month", generate_month)

        seed()

        assert 0 < bags_before < Bag.objects.count()
        assert Bag.objects.filter(kind="parent").count() > 120

    def test_needs_confirmation_for_external_database(self, seed, settings, monkeypatch):
        monkeypatch.setattr(seed_demo, "_create_data", lambda users: None)
        settings.LOCAL = False

        with pytest.raises(CommandError, match="--yes"):
            seed()
        assert not User.objects.exists()

        assert "admin-demo-1" in seed("--yes")


class TestDemoToken:
    @pytest.fixture(autouse=True)
    def no_data(self, monkeypatch):
        monkeypatch.setattr(seed_demo, "_create_data", lambda users: None)

    def test_is_stored_in_private_file(self, seed, settings):
        output = seed()

        found = find_token(token_in(output), now=timezone.now())
        assert found.user.username == "erp"
        file = settings.DATA / "demo-token"
        assert file.read_text().strip() == token_in(output)
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert token_in(seed()) == token_in(output)

    @pytest.mark.parametrize("content", ["", "tt_stale", None])
    def test_is_replaced_if_missing_or_invalid(self, seed, settings, content):
        first = token_in(seed())
        file = settings.DATA / "demo-token"
        if content is None:
            file.unlink()
        else:
            file.write_text(content)

        second = token_in(seed())

        assert second != first
        assert find_token(second, now=timezone.now()) is not None


def interrupt(days):
    yield next(days)
    yield next(days)
    raise KeyboardInterrupt
