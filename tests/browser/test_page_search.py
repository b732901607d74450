"""The search while somebody types: a combobox over bags, batches and areas, all by keyboard."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Look
from tests.browser.seeing import faults

# The head of an answer comes, its body never does.
STUCK = """() => {
    window.fetch = async (url, { signal }) => ({
        ok: true,
        redirected: false,
        text: () => new Promise((_, reject) => {
            document.documentElement.dataset.answer = "arriving";
            signal.addEventListener("abort", () => {
                reject(signal.reason);
                document.documentElement.dataset.answer = "given up";
            });
        }),
    });
}"""


@pytest.fixture
def page(look: Look) -> Page:
    page = look("olive", "/batches")
    page.keyboard.press("/")
    expect(page.get_by_role("combobox", name="Search bags, batches and areas")).to_be_focused()
    return page


class TestSuggestions:
    @pytest.mark.parametrize(
        ("typed", "named", "address"),
        [
            ("cb9", "CB900000001", "/bags/CB900000001"),
            ("lot", "LOT-1", "/batches/LOT-1"),
            ("mustard", "LOT-1", "/batches/LOT-1"),
            ("luck", "Lucknow", "/bags?area=lucknow"),
        ],
    )
    def test_lead_to_bags_batches_and_areas(
        self, page: Page, typed: str, named: str, address: str
    ) -> None:
        page.keyboard.type(typed)
        expect(page.get_by_role("option").first).to_contain_text(named)

        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")

        expect(page).to_have_url(re.compile(re.escape(address) + "$"))

    def test_tell_a_screen_reader_what_is_chosen_and_go_round(self, page: Page) -> None:
        page.keyboard.type("sb")
        field, options = page.get_by_role("combobox"), page.get_by_role("option")
        expect(field).to_have_attribute("aria-expanded", "true")
        expect(page.locator("[data-suggest-status]")).to_have_text("2 suggestions")

        page.keyboard.press("ArrowUp")
        expect(options.last).to_have_attribute("aria-selected", "true")
        expect(field).to_have_attribute("aria-activedescendant", "suggestion-bag-2")
        page.keyboard.press("ArrowDown")

        expect(options.first).to_have_attribute("aria-selected", "true")
        assert faults(page) == []

    def test_go_away_with_escape_and_what_was_typed_stays(self, page: Page) -> None:
        page.keyboard.type("sb")
        expect(page.get_by_role("option")).to_have_count(2)

        page.keyboard.press("Escape")

        expect(page.get_by_role("option")).to_have_count(0)
        field = page.get_by_role("combobox")
        expect(field).to_have_value("sb")
        expect(field).to_have_attribute("aria-expanded", "false")
        expect(field).to_be_focused()

    def test_are_not_needed_to_search(self, page: Page) -> None:
        page.keyboard.type("0001")
        page.keyboard.press("Enter")

        expect(page).to_have_url(re.compile(r"/search\?q=0001$"))

    def test_say_when_nothing_is_found(self, page: Page) -> None:
        page.keyboard.type("zzz")

        expect(page.get_by_text("Nothing that you may see is called “zzz”.")).to_be_visible()
        expect(page.locator("[data-suggest-status]")).to_have_text("Nothing found")

    def test_are_given_up_quietly_while_they_arrive(self, page: Page) -> None:
        """`page` fails the test for an error that nobody caught."""
        page.evaluate(STUCK)
        page.keyboard.type("sb")
        expect(page.locator("html")).to_have_attribute("data-answer", "arriving")

        page.get_by_role("combobox").blur()

        expect(page.locator("html")).to_have_attribute("data-answer", "given up")
        expect(page.get_by_role("option")).to_have_count(0)
