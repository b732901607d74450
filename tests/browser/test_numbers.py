"""numbers.js: how a number moves, how a difference and a state are said."""

from typing import Any

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import Look

TOOLS = """
const { between, moveTo, pulse, showDifference, stateText } =
  await import("/static/dashboard/js/live_numbers.js");
const place = document.createElement("span");
const said = document.createElement("span");
const words = {
  live: "Live", asking: "Asking", resting: "Paused", offline: "Offline since {time}",
  "signed-out": "Signed out", stale: "Not fresh.", fresh: "Fresh again.",
};
const frames = (count) => new Promise((resolve) => {
  const next = () => (count-- > 0 ? requestAnimationFrame(next) : resolve());
  next();
});
"""


@pytest.fixture
def page(look: Look) -> Page:
    return look(None, "/login")


def run(page: Page, script: str) -> Any:
    return page.evaluate(f"async () => {{ {TOOLS} {script} }}")


class TestANumber:
    def test_moves_to_what_it_has_become(self, page: Page) -> None:
        found = run(page, """
            place.textContent = "40,00,000";
            moveTo(place, 4000100, { still: false });
            while (place.textContent !== "40,00,100") await frames(1);
            return [place.dataset.value, place.classList.contains("changed")];
        """)  # fmt: skip
        assert found == ["4000100", True]

    def test_is_there_at_once_for_who_wants_no_motion(self, page: Page) -> None:
        page.emulate_media(reduced_motion="reduce")
        found = run(page, """
            place.textContent = "1";
            moveTo(place, 123456);
            return place.textContent;
        """)  # fmt: skip
        assert found == "1,23,456"

    def test_follows_the_last_change_alone(self, page: Page) -> None:
        found = run(page, """
            place.textContent = "0";
            moveTo(place, 1000, { still: false });
            moveTo(place, 5, { still: true });
            await frames(3);
            return place.textContent;
        """)  # fmt: skip
        assert found == "5"

    def test_that_stays_is_not_shown_to_have_changed(self, page: Page) -> None:
        script = "place.textContent = '7'; moveTo(place, 7); return place.className;"

        assert run(page, script) == ""

    def test_is_fast_at_first_and_arrives(self, page: Page) -> None:
        script = "return [0, 0.5, 1].map((done) => between(0, 100, done));"

        assert run(page, script) == [0, 87.5, 100]


class TestADifference:
    @pytest.mark.parametrize(
        ("change", "text", "way"),
        [(123456, "+1,23,456", "more"), (-3, "\N{MINUS SIGN}3", "fewer"), (0, "±0", "same")],
    )
    def test_has_its_sign(self, page: Page, change: int, text: str, way: str) -> None:
        script = f"showDifference(place, {change}); return [place.textContent, place.dataset.way];"

        assert run(page, script) == [text, way]


class TestTheState:
    def test_says_since_when_it_is_offline_until_it_is_back(self, page: Page) -> None:
        found = run(page, """
            let now = new Date(2026, 10, 24, 9, 5);
            const state = pulse(place, said, words, () => now);
            const seen = [];
            for (const word of ["asking", "offline", "asking", "offline", "resting", "live"]) {
              state(word);
              seen.push(place.textContent);
              now = new Date(2026, 10, 24, 12, 30);
            }
            return seen;
        """)  # fmt: skip
        since = "Offline since 12:30"
        assert found == ["Asking", since, since, since, since, "Live"]

    @pytest.mark.parametrize(
        ("states", "aloud"),
        [
            (["resting", "live", "asking", "live"], []),
            (["live", "offline", "asking", "offline"], ["Offline since 09:05: Not fresh."]),
            (["offline", "live"], ["Offline since 09:05: Not fresh.", "Live: Fresh again."]),
            (["live", "signed-out", "resting", "asking"], ["Signed out: Not fresh."]),
        ],
    )
    def test_is_said_aloud_when_it_is_lost_and_when_it_is_back(
        self, page: Page, states: list[str], aloud: list[str]
    ) -> None:
        script = f"""
            const heard = [];
            const listener = {{ set textContent(text) {{ heard.push(text); }} }};
            const state = pulse(place, listener, words, () => new Date(2026, 10, 24, 9, 5));
            {states}.forEach(state);
            return heard;
        """
        assert run(page, script) == aloud
