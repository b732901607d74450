"""The dashboard shows what the database holds, and goes on showing it."""

from django.utils import timezone
from playwright.sync_api import expect

from dashboard.queries import overview
from scans.models import Scan
from tests.browser.conftest import Look
from tests.factories import make_loose
from tracetrack.models import User


class TestOverview:
    def test_shows_the_numbers_of_the_database(self, look: Look) -> None:
        user = User.objects.get(username="olive")
        stats = overview(user, now=timezone.now())["stats"]

        page = look("olive", "/")

        for group, numbers in stats.items():
            for name, value in numbers.items():
                for place in page.locator(f'[data-number="{group}.{name}"]').all():
                    assert place.inner_text() == str(value), f"{group}.{name}"
        assert stats["bags"]["total"] == 7
        expect(page.locator('[data-number="bags.total"]')).to_have_text("7")

    def test_shows_an_operator_his_own_areas_only(self, look: Look) -> None:
        page = look("asha", "/")

        expect(page.locator('[data-number="bags.total"]')).to_have_text("5")
        expect(page.locator('[data-list="areas"] tr')).to_have_count(1)

    def test_shows_a_scan_that_is_made_elsewhere_without_a_reload(self, look: Look) -> None:
        page = look("olive", "/")
        page.evaluate("window.stayed = true")

        make_loose("CB900000777")
        # What the timer does every 15 seconds also happens when the network comes back.
        page.evaluate("dispatchEvent(new Event('online'))")

        expect(page.locator('[data-number="scans.total"]')).to_have_text(str(Scan.objects.count()))
        expect(page.locator('[data-list="latest"] .code').first).to_have_text("CB900000777")
        assert page.evaluate("window.stayed")

    def test_says_when_it_is_offline_and_when_it_is_back(self, look: Look) -> None:
        page = look("olive", "/")
        pulse = page.locator("[data-pulse]")
        expect(pulse).to_have_text("Live")

        page.route("**/dashboard/ultra", lambda route: route.abort())
        page.evaluate("dispatchEvent(new Event('online'))")
        expect(pulse).to_have_text("Offline")

        page.unroute("**/dashboard/ultra")
        page.evaluate("dispatchEvent(new Event('online'))")
        expect(pulse).to_have_text("Live")

    def test_draws_its_charts_from_the_tables_beside_them(self, look: Look) -> None:
        page = look("olive", "/")

        expect(page.locator('[data-table="hours"] svg .slot')).to_have_count(24)
        expect(page.locator('[data-table="days"] svg .slot')).to_have_count(30)
        expect(page.locator('[data-table="days"] svg path.now').first).to_be_visible()
        values = "rows => rows.map(row => Number(row.dataset.value))"
        shown = page.locator("#days td").evaluate_all(values)
        assert sum(shown) == Scan.objects.count() > 0
