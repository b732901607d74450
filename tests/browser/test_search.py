"""Suggestions below the search field: an ARIA combobox for bags, batches and areas."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser_helpers import OpenPage, accessibility_errors

# A response whose headers arrive but whose body does not.
PENDING_BODY = """() => {
    window.fetch = async (url, { signal }) => ({
        ok: true,
        redirected: false,
        text: () => new Promise((_, reject) => {
            document.documentElement.dataset.response = "pending";
            signal.addEventListener("abort", () => {
                reject(signal.reason);
                document.documentElement.dataset.response = "aborted";
            });
        }),
    });
}"""


@pytest.fixture
def page(open_page: OpenPage) -> Page:
    page = open_page("olive", "/batches")
    page.keyboard.press("/")
    expect(page.get_by_role("combobox", name="Search bags, batches and areas")).to_be_focused()
    return page


class TestSuggestions:
    @pytest.mark.parametrize(
        ("text", "option", "url"),
        [
            ("cb9", "CB900000001", "/bags/CB900000001"),
            ("lot", "LOT-1", "/batches/LOT-1"),
            ("mustard", "LOT-1", "/batches/LOT-1"),
            ("luck", "Lucknow", "/bags?area=lucknow"),
        ],
    )
    def test_option_opens_bag_batch_or_area(
        self, page: Page, text: str, option: str, url: str
    ) -> None:
        page.keyboard.type(text)
        expect(page.get_by_role("option").first).to_contain_text(option)

        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")

        expect(page).to_have_url(re.compile(re.escape(url) + "$"))

    def test_arrow_keys_wrap_and_set_aria_attributes(self, page: Page) -> None:
        page.keyboard.type("sb")
        field, options = page.get_by_role("combobox"), page.get_by_role("option")
        expect(field).to_have_attribute("aria-expanded", "true")
        expect(page.locator("[data-suggest-status]")).to_have_text("2 suggestions")

        page.keyboard.press("ArrowUp")
        expect(options.last).to_have_attribute("aria-selected", "true")
        expect(field).to_have_attribute("aria-activedescendant", "suggestion-bag-2")
        page.keyboard.press("ArrowDown")

        expect(options.first).to_have_attribute("aria-selected", "true")
        assert accessibility_errors(page) == []

    def test_escape_closes_them_and_keeps_the_text(self, page: Page) -> None:
        page.keyboard.type("sb")
        expect(page.get_by_role("option")).to_have_count(2)

        page.keyboard.press("Escape")

        expect(page.get_by_role("option")).to_have_count(0)
        field = page.get_by_role("combobox")
        expect(field).to_have_value("sb")
        expect(field).to_have_attribute("aria-expanded", "false")
        expect(field).to_be_focused()

    def test_enter_without_selection_opens_the_search_page(self, page: Page) -> None:
        page.keyboard.type("0001")
        page.keyboard.press("Enter")

        expect(page).to_have_url(re.compile(r"/search\?q=0001$"))

    def test_without_results(self, page: Page) -> None:
        page.keyboard.type("zzz")

        expect(page.get_by_text("No results for “zzz”.")).to_be_visible()
        expect(page.locator("[data-suggest-status]")).to_have_text("Nothing found")

    def test_leaving_the_field_aborts_the_request(self, page: Page) -> None:
        """`page` fails the test for an unhandled rejection."""
        page.evaluate(PENDING_BODY)
        page.keyboard.type("sb")
        expect(page.locator("html")).to_have_attribute("data-response", "pending")

        page.get_by_role("combobox").blur()

        expect(page.locator("html")).to_have_attribute("data-response", "aborted")
        expect(page.get_by_role("option")).to_have_count(0)
