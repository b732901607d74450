"""live_numbers.js: animated numbers, changes since yesterday, connection state."""

from typing import Any

import pytest
from playwright.sync_api import Page

from tests.browser_helpers import OpenPage

SETUP = """
const { animateNumber, connectionIndicator, interpolate, showChange } =
  await import("/static/dashboard/js/live_numbers.js");
const element = document.createElement("span");
const announcer = document.createElement("span");
const texts = {
  live: "Live", polling: "Updating", paused: "Paused", offline: "Offline since {time}",
  "signed-out": "Signed out", outdated: "Outdated.", current: "Current.",
};
const frames = (count) => new Promise((resolve) => {
  const next = () => (count-- > 0 ? requestAnimationFrame(next) : resolve());
  next();
});
"""


@pytest.fixture
def page(open_page: OpenPage) -> Page:
    return open_page(None, "/login")


def run(page: Page, script: str) -> Any:
    return page.evaluate(f"async () => {{ {SETUP} {script} }}")


class TestAnimateNumber:
    def test_ends_at_the_new_value(self, page: Page) -> None:
        result = run(page, """
            element.textContent = "40,00,000";
            animateNumber(element, 4000100, { instant: false });
            while (element.textContent !== "40,00,100") await frames(1);
            return [element.dataset.value, element.classList.contains("value-changed")];
        """)  # fmt: skip
        assert result == ["4000100", True]

    def test_is_instant_with_reduced_motion(self, page: Page) -> None:
        page.emulate_media(reduced_motion="reduce")
        result = run(page, """
            element.textContent = "1";
            animateNumber(element, 123456);
            return element.textContent;
        """)  # fmt: skip
        assert result == "1,23,456"

    def test_later_change_replaces_an_animation(self, page: Page) -> None:
        result = run(page, """
            element.textContent = "0";
            animateNumber(element, 1000, { instant: false });
            animateNumber(element, 5, { instant: true });
            await frames(3);
            return element.textContent;
        """)  # fmt: skip
        assert result == "5"

    def test_same_value_is_not_highlighted(self, page: Page) -> None:
        script = "element.textContent = '7'; animateNumber(element, 7); return element.className;"

        assert run(page, script) == ""

    def test_interpolation_slows_down(self, page: Page) -> None:
        script = "return [0, 0.5, 1].map((progress) => interpolate(0, 100, progress));"

        assert run(page, script) == [0, 87.5, 100]


class TestShowChange:
    @pytest.mark.parametrize(
        ("change", "text", "trend"),
        [(123456, "+1,23,456", "up"), (-3, "\N{MINUS SIGN}3", "down"), (0, "±0", "same")],
    )
    def test_sign_and_trend(self, page: Page, change: int, text: str, trend: str) -> None:
        result = run(page, f"""
            showChange(element, {change});
            return [element.textContent, element.dataset.trend];
        """)  # fmt: skip
        assert result == [text, trend]


class TestConnectionIndicator:
    def test_offline_time_stays_until_the_connection_is_back(self, page: Page) -> None:
        result = run(page, """
            let now = new Date(2026, 10, 24, 9, 5);
            const showState = connectionIndicator(element, announcer, texts, () => now);
            const shown = [];
            for (const state of ["polling", "offline", "polling", "offline", "paused", "live"]) {
              showState(state);
              shown.push(element.textContent);
              now = new Date(2026, 10, 24, 12, 30);
            }
            return shown;
        """)  # fmt: skip
        offline = "Offline since 12:30"
        assert result == ["Updating", offline, offline, offline, offline, "Live"]

    @pytest.mark.parametrize(
        ("states", "announcements"),
        [
            (["paused", "live", "polling", "live"], []),
            (["live", "offline", "polling", "offline"], ["Offline since 09:05: Outdated."]),
            (["offline", "live"], ["Offline since 09:05: Outdated.", "Live: Current."]),
            (["live", "signed-out", "paused", "polling"], ["Signed out: Outdated."]),
        ],
    )
    def test_announces_loss_and_return_once(
        self, page: Page, states: list[str], announcements: list[str]
    ) -> None:
        result = run(page, f"""
            const announced = [];
            const recorder = {{ set textContent(text) {{ announced.push(text); }} }};
            const now = () => new Date(2026, 10, 24, 9, 5);
            const showState = connectionIndicator(element, recorder, texts, now);
            {states}.forEach(showState);
            return announced;
        """)  # fmt: skip
        assert result == announcements
