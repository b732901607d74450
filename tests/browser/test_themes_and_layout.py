"""Dark theme, open menus, narrow screens, long names, printing, and pages without JavaScript."""

import pytest
from playwright.sync_api import Browser, Page, expect

from accounts.models import User
from accounts.tokens import issue_token
from bags.models import Area
from tests.browser_helpers import (
    PATHS,
    OpenPage,
    accessibility_errors,
    errors_on_desktop_and_phone,
    goto,
    is_too_wide,
    session_cookie,
)
from tests.factories import assign_batch, make_bag_type, make_batch, make_loose_child

# 320 px is the width of a page at 400 % zoom (WCAG 1.4.10).
NARROWEST_WIDTH, PHONE_WIDTH, LAPTOP_WIDTH, DESKTOP_WIDTH = 320, 390, 1280, 1440
LONG_BATCH, LONG_BAG, LONG_AREA = "B" + "W" * 63, "CL" + "W" * 62, "Ward " + "W" * 59
OVERFLOWING_ROWS = """(rows) => rows
  .filter((row) => row.scrollHeight > row.clientHeight + 1)
  .map((row) => row.textContent.trim())"""
HAS_THEME_COLOR = """() => {
  const [bar] = Chart.getChart(document.querySelector("canvas")).getDatasetMeta(0).data;
  const colors = getComputedStyle(document.documentElement);
  return bar.options.backgroundColor === colors.getPropertyValue("--chart-today");
}"""
AREA_LABELS = """() => Chart.getChart(document.querySelector('[data-table="areas"] canvas'))
  .scales.y.ticks.map(({ label }) => label)"""


class TestDarkTheme:
    def test_pages_are_accessible(self, open_page: OpenPage) -> None:
        page, errors = open_page("olive", "/account", theme="dark"), []
        for path in PATHS:
            # Swagger UI is inverted in the dark theme.
            if path not in ("/api/v3/docs", "/admin/"):
                goto(page, path)
                errors += accessibility_errors(page)

        assert errors == []

    @pytest.mark.parametrize("theme", ["light", "dark"])
    def test_log_in_page_is_accessible(self, open_page: OpenPage, theme: str) -> None:
        page = open_page(None, "/login", theme=theme)

        assert errors_on_desktop_and_phone(page) == []


class TestMenus:
    def test_open_menus_and_forms_are_accessible(self, open_page: OpenPage) -> None:
        page = open_page("olive", "/batches/LOT-1")
        page.get_by_text("Put on hold …").click()
        page.get_by_text("Account, language and theme").locator("..").click()
        expect(page.get_by_role("button", name="Log out")).to_be_visible()

        assert accessibility_errors(page) == []

    def test_skip_link_moves_focus_to_content(self, open_page: OpenPage) -> None:
        page = open_page("olive", "/")

        page.keyboard.press("Tab")
        expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
        page.keyboard.press("Enter")

        expect(page.locator("#content")).to_be_focused()

    def test_account_menu_on_account_page_has_no_duplicate_ids(self, open_page: OpenPage) -> None:
        page = open_page("olive", "/account")
        page.get_by_text("Account, language and theme").locator("..").click()

        assert accessibility_errors(page) == []


class TestNarrowScreen:
    @pytest.mark.parametrize("language", ["en", "hi"])
    def test_no_page_scrolls_sideways(self, open_page: OpenPage, language: str) -> None:
        issue_token(User.objects.get(username="ada"), "a gate")
        page = open_page("ada", "/account", width=NARROWEST_WIDTH, language=language)
        wide = []
        for path in PATHS:
            # The layout of Swagger UI is not ours.
            if path != "/api/v3/docs":
                goto(page, path)
                wide += [path] if is_too_wide(page) else []

        assert wide == []


class TestLongNames:
    @pytest.fixture(autouse=True)
    def long_names(self, site: str) -> None:
        """Create a batch, bags and an area with names of the maximum length."""
        make_bag_type("long", parent_pattern=r"SL[A-Z]{62}", child_pattern=r"CL[-A-Z0-9]{30,62}")
        Area.objects.create(code="ward", name=LONG_AREA)
        for code in (LONG_BAG, "CL-1-2026-11-24-ABCDEFGHIJKLMNOPQRS", LONG_BAG[:-1] + "X"):
            make_loose_child(code, area="ward")
        assign_batch(make_batch(LONG_BATCH, bag_type="long", product="P" * 64), LONG_BAG)

    @pytest.mark.parametrize("width", [PHONE_WIDTH, DESKTOP_WIDTH])
    def test_no_page_scrolls_sideways(self, open_page: OpenPage, width: int) -> None:
        page, wide = open_page("olive", "/account", width=width), []
        batch = f"/batches/{LONG_BATCH}"
        paths = ["/", "/?area=ward", "/bags", f"/bags/{LONG_BAG}", "/batches", "/reports?by=area"]
        for path in [*paths, batch, f"{batch}/recall", "/search?q=CL"]:
            assert goto(page, path) == 200
            wide += [path] if is_too_wide(page) else []

        assert wide == []

    @pytest.mark.parametrize("width", [PHONE_WIDTH, LAPTOP_WIDTH, DESKTOP_WIDTH])
    def test_latest_scans_do_not_overlap(self, open_page: OpenPage, width: int) -> None:
        page = open_page("olive", "/", width=width)

        rows = page.locator('[data-list="latest"] li')

        expect(rows.first).to_contain_text(LONG_AREA)
        assert rows.evaluate_all(OVERFLOWING_ROWS) == []

    def test_chart_labels_are_truncated_at_the_end(self, open_page: OpenPage) -> None:
        page = open_page("olive", "/")
        goto(page, "/")

        labels = page.evaluate(AREA_LABELS)

        assert {"Akola", "Sri Ganganagar"} < set(labels)
        truncated = [label for label in labels if label.endswith("…")]
        assert len(truncated) == 1
        assert LONG_AREA.startswith(truncated[0][:-1])


class TestPrinting:
    @pytest.mark.parametrize("path", ["/", "/bags/SB10001", "/batches/LOT-1/recall"])
    def test_background_is_white_in_dark_theme(self, open_page: OpenPage, path: str) -> None:
        page = open_page("olive", path, theme="dark")
        assert card_background(page) != "rgb(255, 255, 255)"

        page.emulate_media(media="print")

        assert card_background(page) == "rgb(255, 255, 255)"

    def test_charts_use_print_colors(self, open_page: OpenPage) -> None:
        page = open_page("olive", "/", theme="dark")
        goto(page, "/")

        page.emulate_media(media="print")

        page.wait_for_function(HAS_THEME_COLOR)


def card_background(page: Page) -> str:
    """Return the background colour of the first card."""
    get_color = "(card) => getComputedStyle(card).backgroundColor"
    return str(page.locator(".card").first.evaluate(get_color))


class TestWithoutJavaScript:
    def test_overview_shows_its_tables(self, chromium: Browser, site: str) -> None:
        with chromium.new_context(base_url=site, java_script_enabled=False) as context:
            context.add_cookies([session_cookie("olive", site)])
            page = context.new_page()
            page.goto("/")

            expect(page.locator("[data-connection]")).to_contain_text("As of")
            for name in ("hours", "days", "areas", "funnel", "operators"):
                expect(page.locator(f"#{name} tbody tr").first).to_be_visible()
            expect(page.locator(".chart:visible")).to_have_count(0)
