"""The scan station and the search in Hindi, including texts that scripts show."""

import pytest
from playwright.sync_api import Page, expect

from accounts.models import User
from bags.models import Batch
from tests.browser_helpers import OpenPage
from tests.factories import assign_batch, make_batch, make_parent
from tests.hindi_text import data_words, english_texts


def visible_lines(page: Page) -> list[str]:
    """Return the lines of text on the page."""
    return [line for line in page.locator("body").inner_text().splitlines() if line.strip()]


def scan_label(page: Page, label: str) -> None:
    """Type a label as a keyboard wedge scanner does."""
    page.keyboard.type(label)
    page.keyboard.press("Enter")


@pytest.fixture
def station(open_page: OpenPage) -> Page:
    page = open_page("asha", "/scan", language="hi")
    expect(page.locator("#code")).to_be_focused()
    return page


class TestScanStation:
    def test_results(self, station: Page) -> None:
        title = station.locator("[data-result-title]")
        for label in ("SB30001", "CB900000001"):
            scan_label(station, label)
        expect(title).to_have_text("SB30001 में 1/30")
        scan_label(station, "CB900000001")
        expect(station.locator("[data-result]")).to_have_attribute("data-result", "already")

        assert english_texts(visible_lines(station), [*data_words(), "SB CB asha"]) == []

    def test_rejections(self, station: Page) -> None:
        make_parent("SB30001")
        assign_batch(make_batch("LOT-2", held_by=User.objects.get(username="olive")), "SB30001")
        # In another sack, on hold, unknown, no code, wrong kind.
        scan_label(station, "SB10001")
        for label in ("CB001000101", "SB30001", "CB900000001", "XX1", "%%%"):
            scan_label(station, label)
        for step, label in (("complete", "CB900000001"), ("inspect", "ZZ9999")):
            station.locator("#step").select_option(step)
            scan_label(station, label)
        expect(station.locator("[data-refused]")).to_have_text("5")

        assert english_texts(visible_lines(station), [*data_words(), "SB CB ZZ XX asha"]) == []

    def test_wrong_product(self, station: Page) -> None:
        scan_label(station, "SB10001")
        scan_label(station, "M444-00001")
        expect(station.locator("[data-sack-code]")).to_have_text("M444-00001")
        scan_label(station, "CB900000001")
        expect(station.locator("[data-refused]")).to_have_text("1")

        title = station.locator("[data-result-title]")
        expect(title).to_contain_text("ग़लत उत्पाद")
        assert english_texts(visible_lines(station), [*data_words(), "SB CB asha"]) == []

    def test_offline(self, station: Page) -> None:
        station.route("**/api/v3/scans", lambda route: route.abort())
        station.locator("#step").select_option("inspect")

        scan_label(station, "SB10001")

        expect(station.locator("[data-waiting]")).to_have_text("1")
        expect(station.locator("[data-connection]")).to_contain_text("ऑफ़लाइन")
        assert english_texts(visible_lines(station), [*data_words(), "asha"]) == []


class TestAllPages:
    def test_times_and_suggestions(self, open_page: OpenPage) -> None:
        Batch.objects.update(notes="")
        page = open_page("olive", "/bags/SB10001", language="hi")
        page.keyboard.press("/")
        page.keyboard.type("lu")
        expect(page.get_by_role("option")).to_have_count(1)

        assert english_texts(visible_lines(page), [*data_words(), "olive packer"]) == []
        assert english_texts([page.locator("[data-suggest-status]").inner_text()], []) == []
