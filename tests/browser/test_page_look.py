"""Every page in the dark, on paper, on the narrowest screen, without a script, with long names."""

import pytest
from playwright.sync_api import Browser, Page, expect

from accounts.models import User
from accounts.tokens import issue_token
from bags.models import Area
from tests.browser.conftest import Look, _session
from tests.browser.seeing import faults, faults_on_desk_and_phone, too_wide
from tests.browser.test_page_walk import PATHS, opened
from tests.factories import assign_batch, make_bag_type, make_batch, make_loose_child

# The narrowest to which a page is zoomed (WCAG 1.4.10), a phone, and a desk.
NARROWEST, PHONE, DESK = 320, 390, 1440
# As long as the rules allow.
BATCH, CHILD, AREA = "B" + "W" * 63, "CL" + "W" * 62, "Ward " + "W" * 59
OVERFLOWING = """(rows) => rows
  .filter((row) => row.scrollHeight > row.clientHeight + 1)
  .map((row) => row.textContent.trim())"""
IN_ITS_COLOUR = """() => {
  const [bar] = Chart.getChart(document.querySelector("canvas")).getDatasetMeta(0).data;
  const colours = getComputedStyle(document.documentElement);
  return bar.options.backgroundColor === colours.getPropertyValue("--chart-today");
}"""
LABELS = """() => Chart.getChart(document.querySelector('[data-table="areas"] canvas'))
  .scales.y.ticks.map(({ label }) => label)"""


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

    def test_the_menu_is_another_thing_than_the_choices_of_the_account(self, look: Look) -> None:
        page = look("olive", "/account")
        page.get_by_text("Account, language and theme").locator("..").click()

        assert faults(page) == []


class TestTheNarrowestScreen:
    @pytest.mark.parametrize("language", ["en", "hi"])
    def test_scrolls_no_page_sideways(self, look: Look, language: str) -> None:
        issue_token(User.objects.get(username="ada"), "a gate")
        page, wide = look("ada", "/account", width=NARROWEST, language=language), []
        for path in PATHS:
            # Nor is Swagger UI ours to narrow.
            if path != "/api/v3/docs":
                opened(page, path)
                wide += [path] if too_wide(page) else []

        assert wide == []


class TestTheLongestNames:
    @pytest.fixture(autouse=True)
    def long(self, site: str) -> None:
        """A batch, bags and an area that are called as long as that may be."""
        make_bag_type("long", parent_pattern=r"SL[A-Z]{62}", child_pattern=r"CL[-A-Z0-9]{30,62}")
        Area.objects.create(code="ward", name=AREA)
        for code in (CHILD, "CL-1-2026-11-24-ABCDEFGHIJKLMNOPQRS", CHILD[:-1] + "X"):
            make_loose_child(code, area="ward")
        assign_batch(make_batch(BATCH, bag_type="long", product="P" * 64), CHILD)

    @pytest.mark.parametrize("width", [PHONE, DESK])
    def test_leave_every_page_in_its_width(self, look: Look, width: int) -> None:
        page, wide = look("olive", "/account", width=width), []
        paths = ["/", "/?area=ward", "/bags", f"/bags/{CHILD}", "/batches", "/reports?by=area"]
        for path in [*paths, f"/batches/{BATCH}", f"/batches/{BATCH}/recall", "/search?q=CL"]:
            assert opened(page, path) == 200
            wide += [path] if too_wide(page) else []

        assert wide == []

    @pytest.mark.parametrize("width", [PHONE, 1280, DESK])
    def test_leave_the_latest_scans_apart(self, look: Look, width: int) -> None:
        page = look("olive", "/", width=width)

        rows = page.locator('[data-list="latest"] li')

        expect(rows.first).to_contain_text(AREA)
        assert rows.evaluate_all(OVERFLOWING) == []

    def test_keep_their_beginning_in_charts(self, look: Look) -> None:
        page = look("olive", "/")
        opened(page, "/")

        labels = page.evaluate(LABELS)

        assert {"Akola", "Sri Ganganagar"} < set(labels)
        cut = [label for label in labels if label.endswith("…")]
        assert len(cut) == 1
        assert AREA.startswith(cut[0][:-1])


class TestPaper:
    @pytest.mark.parametrize("path", ["/", "/bags/SB10001", "/batches/LOT-1/recall"])
    def test_is_white_also_in_the_dark(self, look: Look, path: str) -> None:
        page = look("olive", path, theme="dark")
        assert paint(page) != "rgb(255, 255, 255)"

        page.emulate_media(media="print")

        assert paint(page) == "rgb(255, 255, 255)"

    def test_has_charts_in_its_own_colours(self, look: Look) -> None:
        page = look("olive", "/", theme="dark")
        opened(page, "/")

        page.emulate_media(media="print")

        page.wait_for_function(IN_ITS_COLOUR)


def paint(page: Page) -> str:
    """What the first card stands on."""
    return str(
        page.locator(".card").first.evaluate("(card) => getComputedStyle(card).backgroundColor")
    )


class TestWithoutAScript:
    def test_the_dashboard_says_of_when_it_is_and_shows_its_tables(
        self, chromium: Browser, site: str
    ) -> None:
        with chromium.new_context(base_url=site, java_script_enabled=False) as context:
            context.add_cookies([_session("olive", site)])
            page = context.new_page()
            page.goto("/")

            expect(page.locator("[data-connection]")).to_contain_text("As of")
            for name in ("hours", "days", "areas", "funnel", "operators"):
                expect(page.locator(f"#{name} tbody tr").first).to_be_visible()
            expect(page.locator(".chart:visible")).to_have_count(0)
