"""The dashboard shows what the database holds, and goes on showing it."""

import csv
import io
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.models import User
from dashboard.stats.queries import overview
from scans.models import Scan
from tests.browser.conftest import Look
from tests.factories import make_loose_child

DRAWN = """(table) => {
  const canvas = document.querySelector(`[data-table="${table}"] canvas`);
  return canvas && Chart.getChart(canvas).data.datasets.map((set) => set.data);
}"""


def drawn(page: Page, table: str) -> Any:
    """What the first chart of a table shows, once it shows anything."""
    page.wait_for_function(DRAWN, arg=table)
    return page.evaluate(DRAWN, table)


class TestOverview:
    def test_shows_the_numbers_of_the_database(self, look: Look) -> None:
        user = User.objects.get(username="olive")
        stats = overview(user, now=timezone.now())["stats"]

        page = look("olive", "/")

        shown = page.locator("[data-number]").count()
        assert shown == 12
        for group, numbers in stats.items():
            for name, value in numbers.items():
                for place in page.locator(f'[data-number="{group}.{name}"]').all():
                    assert place.inner_text() == str(value), f"{group}.{name}"
        assert stats["bags"]["total"] == 7
        expect(page.locator('[data-number="bags.total"]')).to_have_text("7")

    def test_says_how_they_differ_from_yesterday(self, look: Look) -> None:
        page = look("olive", "/")

        expect(page.locator('[data-delta="bags.total"]')).to_have_text("+7")
        expect(page.locator('[data-delta="batches.held"]')).to_have_text("±0")

    def test_shows_an_operator_his_own_areas_only(self, look: Look) -> None:
        page = look("asha", "/")

        expect(page.locator('[data-number="bags.total"]')).to_have_text("5")
        expect(page.locator('[data-list="areas"] tr')).to_have_count(1)
        expect(page.locator(".area-menu a")).to_have_count(2)

    def test_shows_a_scan_that_is_made_elsewhere_without_a_reload(self, look: Look) -> None:
        page = look("olive", "/")
        page.evaluate("window.stayed = true")
        before = sum(drawn(page, "days")[0])
        where = page.locator('[data-list="latest"] [data-field="where"]')
        expect(where.first).to_have_text("Indore · packer")

        make_loose_child("CB900000777")
        # What the timer does every 15 seconds also happens when the network comes back.
        page.evaluate("dispatchEvent(new Event('online'))")

        expect(page.locator('[data-number="scans.total"]')).to_have_text(str(Scan.objects.count()))
        expect(page.locator('[data-list="latest"] .code').first).to_have_text("CB900000777")
        expect(where.first).to_have_text("Lucknow · packer")
        expect(page.locator('[data-delta="bags.child"]')).to_have_text("+6")
        assert sum(drawn(page, "days")[0]) == before + 1
        assert page.evaluate("window.stayed")

    def test_says_when_it_is_offline_and_when_it_is_back(self, look: Look) -> None:
        page = look("olive", "/")
        pulse = page.locator("[data-connection]")
        expect(pulse).to_have_text("Live")

        page.route("**/dashboard/ultra", lambda route: route.abort())
        page.evaluate("dispatchEvent(new Event('online'))")
        expect(pulse).to_contain_text("Offline since")
        said = page.locator("[data-announcer]")
        expect(said).to_contain_text("Offline since")
        expect(page.get_by_role("link", name="Log in")).to_have_count(0)

        page.unroute("**/dashboard/ultra")
        page.evaluate("dispatchEvent(new Event('online'))")
        expect(pulse).to_have_text("Live")
        expect(said).to_have_text("Live: The numbers are fresh again.")

    def test_draws_its_charts_from_the_tables_beside_them(self, look: Look) -> None:
        page = look("olive", "/")

        today, yesterday = drawn(page, "hours")
        assert (len(today), sum(today), sum(yesterday)) == (24, Scan.objects.count(), 0)
        assert sum(drawn(page, "days")[0]) == Scan.objects.count()
        assert sum(map(sum, drawn(page, "areas"))) == 7
        assert drawn(page, "funnel") == [[7, 4, 0, 0, 0]]
        assert sum(drawn(page, "operators")[0]) == Scan.objects.count()

    def test_opens_each_table_by_keyboard(self, look: Look) -> None:
        page = look("olive", "/")
        summaries = page.locator(".chart-table summary")

        assert summaries.count() == 5
        for summary in summaries.all():
            summary.focus()
            page.keyboard.press("Enter")
        expect(page.locator(".chart-table table")).to_have_count(5)
        for table in page.locator(".chart-table table").all():
            expect(table).to_be_visible()

    def test_says_in_the_middle_of_its_card_that_nothing_was_scanned(self, look: Look) -> None:
        page = look("olive", "/?area=akola")

        card = page.locator(".grid-latest").bounding_box()
        text = page.get_by_text("Nothing has been scanned yet.").bounding_box()

        expect(page.get_by_text("Nobody has scanned in this time.")).to_be_visible()
        expect(page.locator('[data-chart-card="operators"] summary:visible')).to_have_count(0)
        assert card
        assert text
        assert abs(card["y"] + card["height"] / 2 - text["y"]) < card["height"] / 5


class TestFilters:
    def test_live_in_the_address(self, look: Look) -> None:
        page = look("olive", "/")
        page.get_by_role("link", name="7 days").click()
        page.locator(".area-menu summary").click()
        page.get_by_role("link", name="Indore").click()

        expect(page).to_have_url("/?period=7d&area=indore")
        expect(page.locator('[data-number="bags.total"]')).to_have_text("2")
        expect(page.locator(".periods [aria-current]")).to_have_text("7 days")
        expect(page.locator(".area-menu summary")).to_contain_text("Indore")

        page.go_back()
        expect(page).to_have_url("/?period=7d")
        expect(page.locator('[data-number="bags.total"]')).to_have_text("7")
        page.go_back()
        expect(page.locator(".periods [aria-current]")).to_have_text("Today")

    def test_hold_for_what_is_asked_later(self, look: Look) -> None:
        page = look("olive", "/?area=indore&period=30d")

        make_loose_child("CB900000777", area="indore")
        make_loose_child("CB900000888", area="lucknow")
        with page.expect_response("**/dashboard/ultra?area=indore&period=30d"):
            page.evaluate("dispatchEvent(new Event('online'))")

        expect(page.locator('[data-number="bags.total"]')).to_have_text("3")
        expect(page.locator('[data-list="latest"] .code').first).to_have_text("CB900000777")

    @pytest.mark.parametrize(
        ("query", "status"), [("?area=nowhere", 404), ("?area=indore", 404), ("?period=week", 400)]
    )
    def test_refuse_what_there_is_not(self, look: Look, query: str, status: int) -> None:
        page = look("asha", "/")

        answer = page.goto(f"/{query}")

        assert answer is not None
        assert answer.status == status


class TestFiles:
    def taken(self, page: Page, figure: str, form: str) -> Path:
        card = page.locator(f'[data-chart-card="{figure}"]')
        card.locator(".chart-download summary").click()
        with page.expect_download() as download:
            card.locator(f'[data-export="{form}"]').click()
        assert download.value.suggested_filename.startswith(f"tracetrack-{figure}-")
        return Path(download.value.path())

    @pytest.mark.parametrize("figure", ["hours", "days", "areas", "steps", "operators"])
    def test_hold_the_picture_or_the_table_of_a_card(self, look: Look, figure: str) -> None:
        page = look("olive", "/")
        drawn(page, "operators")

        picture = self.taken(page, figure, "png").read_bytes()
        sheet = self.taken(page, figure, "csv").read_text(encoding="utf-8-sig")

        assert picture.startswith(b"\x89PNG")
        assert len(picture) > 2000
        rows = list(csv.reader(io.StringIO(sheet)))
        table = page.locator(f'[data-chart-card="{figure}"] table')
        assert len(rows) == table.locator("tr").count() > 1
        assert all(cell.isdigit() for row in rows[1:] for cell in row[1:])

    def test_hold_no_formula(self, look: Look) -> None:
        page = look("olive", "/")
        page.locator('[data-list="operators"] th').first.evaluate(
            "(cell) => { cell.textContent = '=1+1,\"x\"'; }"
        )

        sheet = self.taken(page, "operators", "csv").read_text(encoding="utf-8-sig")

        assert list(csv.reader(io.StringIO(sheet)))[1][0] == '\'=1+1,"x"'
