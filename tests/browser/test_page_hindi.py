"""The scan station and the search in Hindi: what scripts say, too."""

import pytest
from playwright.sync_api import Page, expect

from accounts.models import User
from bags.models import Batch
from tests.browser.conftest import Look
from tests.factories import assign_batch, make_batch, make_parent
from tests.hindi_text import data_words, english_texts


def said(page: Page) -> list[str]:
    """Every line on the screen, and what only a screen reader hears."""
    return [line for line in page.locator("body").inner_text().splitlines() if line.strip()]


def scan_label(page: Page, label: str) -> None:
    page.keyboard.type(label)
    page.keyboard.press("Enter")


@pytest.fixture
def station(look: Look) -> Page:
    page = look("asha", "/scan", language="hi")
    expect(page.locator("#code")).to_be_focused()
    return page


class TestStation:
    def test_tells_what_was_done_in_hindi(self, station: Page) -> None:
        title = station.locator("[data-result-title]")
        for label in ("SB30001", "CB900000001"):
            scan_label(station, label)
        expect(title).to_have_text("SB30001 में 1/30")
        scan_label(station, "CB900000001")
        expect(station.locator("[data-result]")).to_have_attribute("data-result", "already")

        assert english_texts(said(station), [*data_words(), "SB CB asha"]) == []

    def test_tells_why_something_is_refused_in_hindi(self, station: Page) -> None:
        make_parent("SB30001")
        assign_batch(make_batch("LOT-2", held_by=User.objects.get(username="olive")), "SB30001")
        refused = station.locator("[data-refused]")
        # One refusal after the other: elsewhere, on hold, unknown, not a code, of the wrong kind.
        scan_label(station, "SB10001")
        for label in ("CB001000101", "SB30001", "CB900000001", "XX1", "%%%"):
            scan_label(station, label)
        for step, label in (("complete", "CB900000001"), ("inspect", "ZZ9999")):
            station.locator("#step").select_option(step)
            scan_label(station, label)
        expect(refused).to_have_text("5")

        assert english_texts(said(station), [*data_words(), "SB CB ZZ XX asha"]) == []

    def test_says_in_hindi_that_it_waits_for_the_network(self, station: Page) -> None:
        station.route("**/api/v3/scans", lambda route: route.abort())
        station.locator("#step").select_option("inspect")

        scan_label(station, "SB10001")

        expect(station.locator("[data-waiting]")).to_have_text("1")
        expect(station.locator("[data-connection]")).to_contain_text("ऑफ़लाइन")
        assert english_texts(said(station), [*data_words(), "asha"]) == []


class TestEveryPage:
    def test_times_and_suggestions_are_in_hindi(self, look: Look) -> None:
        Batch.objects.update(notes="")
        page = look("olive", "/bags/SB10001", language="hi")
        page.keyboard.press("/")
        page.keyboard.type("lu")
        expect(page.get_by_role("option")).to_have_count(1)

        assert english_texts(said(page), [*data_words(), "olive packer"]) == []
        assert english_texts([page.locator("[data-suggest-status]").inner_text()], []) == []
