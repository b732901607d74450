"""Every page in the dark, the form to sign in, and what of pages opens and shuts."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Look
from tests.browser.seeing import faults, faults_on_desk_and_phone
from tests.browser.test_page_walk import PATHS, opened


class TestTheDark:
    def test_leaves_every_page_readable(self, look: Look) -> None:
        page, found = look("olive", "/account", theme="dark"), []
        for path in PATHS:
            # Swagger UI knows light alone; it is shown as a negative.
            if path not in ("/api/v3/docs", "/admin/"):
                opened(page, path)
                found += faults(page)

        assert found == []

    @pytest.mark.parametrize("theme", ["light", "dark"])
    def test_leaves_the_log_in_readable(self, look: Look, theme: str) -> None:
        page = look(None, "/login", theme=theme)

        assert faults_on_desk_and_phone(page) == []


class TestOpenParts:
    def test_menus_and_forms_are_usable_when_they_are_open(self, look: Look) -> None:
        page = look("olive", "/batches/LOT-1")
        page.get_by_text("Put on hold …").click()
        page.get_by_text("Account, language and theme").locator("..").click()
        expect(page.get_by_role("button", name="Log out")).to_be_visible()

        assert faults(page) == []

    def test_the_first_key_leads_past_the_header(self, look: Look) -> None:
        page = look("olive", "/")

        page.keyboard.press("Tab")
        expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
        page.keyboard.press("Enter")

        expect(page.locator("#content")).to_be_focused()
