"""Every page, as everybody, light and dark: nothing complains, nothing overflows."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Look

AXE = Path(__file__).parent / "vendor" / "axe-core-4.14.1" / "axe.min.js"
PATHS = [
    "/", "/bags", "/bags?state=open&kind=parent", "/bags/SB10001", "/bags/CB001000101", "/batches",
    "/batches/LOT-1", "/batches/LOT-1/recall", "/search", "/search?q=CB00", "/search?q=nothing",
    "/bags/SB77777", "/account", "/account/tokens", "/reports", "/system",
]  # fmt: skip
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def settled(page: Page) -> None:
    page.evaluate("document.fonts.ready")


def faults(page: Page) -> list[str]:
    """What axe-core finds wrong with the page as it stands."""
    page.evaluate(AXE.read_text())
    # To look into style sheets that import others it would write some of its own into the page.
    options = "{ runOnly: tags, preload: false }"
    run = f"(tags) => axe.run({options}).then((found) => found.violations)"
    return [
        f"{page.url} {found['id']}: {node['html'][:120]}"
        for found in page.evaluate(run, RULES)
        for node in found["nodes"]
    ]


def overflow(page: Page) -> int:
    return int(page.evaluate("document.documentElement.scrollWidth - innerWidth"))


@pytest.mark.parametrize("theme", ["light", "dark"])
class TestEveryPage:
    def test_is_usable_by_everybody(self, look: Look, theme: str) -> None:
        page = look("olive", "/scan", theme=theme)
        found = []
        for path in [*PATHS, "/scan"]:
            page.goto(path)
            settled(page)
            found += faults(page)

        assert found == []

    def test_is_usable_before_anybody_has_logged_in(self, look: Look, theme: str) -> None:
        page = look(None, "/login", theme=theme, width=360)
        settled(page)

        assert faults(page) == []
        assert overflow(page) <= 0


class TestPhone:
    def test_shows_every_page_without_scrolling_sideways(self, look: Look) -> None:
        page = look("olive", "/scan", width=360)
        too_wide = []
        for path in [*PATHS, "/scan"]:
            page.goto(path)
            settled(page)
            too_wide += [path] if overflow(page) > 0 else []

        assert too_wide == []


@pytest.mark.parametrize("username", ["asha", "vic", "ada"])
class TestEveryRole:
    def test_sees_every_page_without_a_complaint(self, look: Look, username: str) -> None:
        page = look(username, "/")
        for path in PATHS:
            page.goto(path)
            expect(page.get_by_role("heading", level=1)).to_be_visible()
            settled(page)


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
