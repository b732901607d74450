"""The overview page: numbers of the database, live updates, charts, filters, downloads."""

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
from tests.browser_helpers import OpenPage
from tests.factories import make_loose_child

CHART_DATA = """(table) => {
  const canvas = document.querySelector(`[data-table="${table}"] canvas`);
  return canvas && Chart.getChart(canvas).data.datasets.map((dataset) => dataset.data);
}"""


def chart_data(page: Page, table: str) -> Any:
    """Return the datasets of the first chart of a table, once it is drawn."""
    page.wait_for_function(CHART_DATA, arg=table)
    return page.evaluate(CHART_DATA, table)


class TestOverview:
    def test_shows_the_numbers_of_the_database(self, open_page: OpenPage) -> None:
        user = User.objects.get(username="olive")
        stats = overview(user, now=timezone.now())["stats"]

        page = open_page("olive", "/")

        assert page.locator("[data-number]").count() == 12
        for group, numbers in stats.items():
            for name, value in numbers.items():
                for element in page.locator(f'[data-number="{group}.{name}"]').all():
                    assert element.inner_text() == str(value), f"{group}.{name}"
        assert stats["bags"]["total"] == 7
        expect(page.locator('[data-number="bags.total"]')).to_have_text("7")

    def test_shows_changes_since_yesterday(self, open_page: OpenPage) -> None:
        page = open_page("olive", "/")

        expect(page.locator('[data-delta="bags.total"]')).to_have_text("+7")
        expect(page.locator('[data-delta="batches.held"]')).to_have_text("±0")

    def test_operator_sees_own_areas_only(self, open_page: OpenPage) -> None:
        page = open_page("asha", "/")

        expect(page.locator('[data-number="bags.total"]')).to_have_text("5")
        expect(page.locator('[data-list="areas"] tr')).to_have_count(1)
        expect(page.locator(".area-menu a")).to_have_count(2)

    def test_polling_updates_the_page_without_reload(self, open_page: OpenPage) -> None:
        page = open_page("olive", "/")
        page.evaluate("window.notReloaded = true")
        before = sum(chart_data(page, "days")[0])
        where = page.locator('[data-list="latest"] [data-field="where"]')
        expect(where.first).to_have_text("Indore · packer")

        make_loose_child("CB900000777")
        # Triggers the poll that otherwise happens every 15 seconds.
        page.evaluate("dispatchEvent(new Event('online'))")

        expect(page.locator('[data-number="scans.total"]')).to_have_text(str(Scan.objects.count()))
        expect(page.locator('[data-list="latest"] .code').first).to_have_text("CB900000777")
        expect(where.first).to_have_text("Lucknow · packer")
        expect(page.locator('[data-delta="bags.child"]')).to_have_text("+6")
        assert sum(chart_data(page, "days")[0]) == before + 1
        assert page.evaluate("window.notReloaded")

    def test_states_when_it_is_offline(self, open_page: OpenPage) -> None:
        page = open_page("olive", "/")
        connection = page.locator("[data-connection]")
        expect(connection).to_have_text("Live")

        page.route("**/dashboard/ultra", lambda route: route.abort())
        page.evaluate("dispatchEvent(new Event('online'))")
        expect(connection).to_contain_text("Offline since")
        announcer = page.locator("[data-announcer]")
        expect(announcer).to_contain_text("Offline since")
        expect(page.get_by_role("link", name="Log in")).to_have_count(0)

        page.unroute("**/dashboard/ultra")
        page.evaluate("dispatchEvent(new Event('online'))")
        expect(connection).to_have_text("Live")
        expect(announcer).to_have_text("Live: The numbers are up to date again.")

    def test_charts_show_the_data_of_their_tables(self, open_page: OpenPage) -> None:
        page = open_page("olive", "/")

        today, yesterday = chart_data(page, "hours")
        assert (len(today), sum(today), sum(yesterday)) == (24, Scan.objects.count(), 0)
        assert sum(chart_data(page, "days")[0]) == Scan.objects.count()
        assert sum(map(sum, chart_data(page, "areas"))) == 7
        assert chart_data(page, "funnel") == [[7, 4, 0, 0, 0]]
        assert sum(chart_data(page, "operators")[0]) == Scan.objects.count()

    def test_tables_open_by_keyboard(self, open_page: OpenPage) -> None:
        page = open_page("olive", "/")
        summaries = page.locator(".chart-table summary")

        assert summaries.count() == 5
        for summary in summaries.all():
            summary.focus()
            page.keyboard.press("Enter")
        expect(page.locator(".chart-table table")).to_have_count(5)
        for table in page.locator(".chart-table table").all():
            expect(table).to_be_visible()

    def test_empty_state_is_centred_in_its_card(self, open_page: OpenPage) -> None:
        page = open_page("olive", "/?area=akola")

        card = page.locator(".grid-latest").bounding_box()
        text = page.get_by_text("No scans yet.").bounding_box()

        expect(page.get_by_text("No scans in this period.")).to_be_visible()
        expect(page.locator('[data-chart-card="operators"] summary:visible')).to_have_count(0)
        assert card
        assert text
        assert abs(card["y"] + card["height"] / 2 - text["y"]) < card["height"] / 5


class TestFilters:
    def test_are_part_of_the_url(self, open_page: OpenPage) -> None:
        page = open_page("olive", "/")
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

    def test_apply_to_updates(self, open_page: OpenPage) -> None:
        page = open_page("olive", "/?area=indore&period=30d")

        make_loose_child("CB900000777", area="indore")
        make_loose_child("CB900000888", area="lucknow")
        with page.expect_response("**/dashboard/ultra?area=indore&period=30d"):
            page.evaluate("dispatchEvent(new Event('online'))")

        expect(page.locator('[data-number="bags.total"]')).to_have_text("3")
        expect(page.locator('[data-list="latest"] .code').first).to_have_text("CB900000777")

    @pytest.mark.parametrize(
        ("query", "status"), [("?area=nowhere", 404), ("?area=indore", 404), ("?period=week", 400)]
    )
    def test_invalid_values(self, open_page: OpenPage, query: str, status: int) -> None:
        page = open_page("asha", "/")

        response = page.goto(f"/{query}")

        assert response is not None
        assert response.status == status


class TestDownloads:
    def download(self, page: Page, chart: str, file_format: str) -> Path:
        card = page.locator(f'[data-chart-card="{chart}"]')
        card.locator(".chart-download summary").click()
        with page.expect_download() as download:
            card.locator(f'[data-export="{file_format}"]').click()
        assert download.value.suggested_filename.startswith(f"tracetrack-{chart}-")
        return Path(download.value.path())

    @pytest.mark.parametrize("chart", ["hours", "days", "areas", "steps", "operators"])
    def test_png_and_csv(self, open_page: OpenPage, chart: str) -> None:
        page = open_page("olive", "/")
        chart_data(page, "operators")

        png = self.download(page, chart, "png").read_bytes()
        text = self.download(page, chart, "csv").read_text(encoding="utf-8-sig")

        assert png.startswith(b"\x89PNG")
        assert len(png) > 2000
        rows = list(csv.reader(io.StringIO(text)))
        table = page.locator(f'[data-chart-card="{chart}"] table')
        assert len(rows) == table.locator("tr").count() > 1
        assert all(cell.isdigit() for row in rows[1:] for cell in row[1:])

    def test_csv_escapes_formulas(self, open_page: OpenPage) -> None:
        page = open_page("olive", "/")
        page.locator('[data-list="operators"] th').first.evaluate(
            "(cell) => { cell.textContent = '=1+1,\"x\"'; }"
        )

        text = self.download(page, "operators", "csv").read_text(encoding="utf-8-sig")

        assert list(csv.reader(io.StringIO(text)))[1][0] == '\'=1+1,"x"'
