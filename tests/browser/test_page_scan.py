"""The scan station: every scan has a visible outcome, with or without a network."""

import pytest
from playwright.sync_api import Page, expect

from bags.models import Bag
from scans.models import Scan
from tests.browser.conftest import Look
from tests.factories import make_parent

API = "**/api/v3/scans"


def scan_label(page: Page, label: str) -> None:
    """What a keyboard wedge does: type wherever the focus is, then Enter."""
    page.keyboard.type(label)
    page.keyboard.press("Enter")


# The head of an answer comes at once, its body when it is told to.
LATE = """() => {
    const usual = window.fetch;
    const tell = (word) => { document.documentElement.dataset.answer = word; };
    const json = () => new Promise((resolve) => {
        tell("awaited");
        window.deliver = () => {
            resolve({ kind: "parent", child_count: 3, capacity: 30, state: "open" });
            setTimeout(tell, 0, "delivered");
        };
    });
    window.fetch = async (url, options) =>
        String(url).includes("/bags/") ? { ok: true, status: 200, json } : usual(url, options);
}"""


@pytest.fixture
def station(look: Look) -> Page:
    page = look("asha", "/scan")
    expect(page.locator("#code")).to_be_focused()
    expect(page.get_by_label("Where you stand")).to_have_value("lucknow")
    return page


class TestLinking:
    def test_shows_one_of_thirty_for_the_first_child_of_a_parent(self, station: Page) -> None:
        scan_label(station, "SB30001")
        expect(station.get_by_text("Scan the children of SB30001")).to_be_visible()

        scan_label(station, "cb900000002")

        expect(station.locator("[data-result-title]")).to_have_text("1/30 in SB30001")
        expect(station.locator("[data-sack-count]")).to_have_text("1/30")
        assert Bag.objects.get(code="CB900000002").parent.code == "SB30001"

    def test_names_the_parent_that_stands_on_the_screen(self, station: Page) -> None:
        for label in ("SB30001", "CB900000002", "SB30002", "CB900000003"):
            scan_label(station, label)
        expect(station.locator("[data-result-title]")).to_have_text("1/30 in SB30002")

        lies_in = dict(Bag.objects.filter(kind="child").values_list("code", "parent__code"))
        assert (lies_in["CB900000002"], lies_in["CB900000003"]) == ("SB30001", "SB30002")

    def test_says_why_a_child_is_refused_and_offers_to_move_it(self, station: Page) -> None:
        make_parent("SB30001")
        scan_label(station, "SB30001")
        scan_label(station, "CB001000101")

        title = station.locator("[data-result-title]")
        expect(title).to_have_text("CB001000101 already lies in SB10001.")
        expect(station.locator("[data-result]")).to_have_attribute("data-result", "refused")
        expect(station.locator("[data-refused]")).to_have_text("1")
        station.get_by_role("button", name="Move it into SB30001").click()
        expect(title).to_have_text("1/30 in SB30001")
        assert Bag.objects.get(code="CB001000101").parent.code == "SB30001"

    def test_takes_the_next_parent_when_one_is_complete(self, station: Page) -> None:
        make_parent("SB40001", children=29)
        scan_label(station, "SB40001")
        expect(station.locator("[data-sack-count]")).to_have_text("29/30")

        scan_label(station, "CB900000004")

        expect(station.locator("[data-result-title]")).to_have_text("30/30 in SB40001")
        expect(station.locator("[data-result-remedy]")).to_contain_text("Take the next one")
        expect(station.get_by_text("Scan the parent", exact=True)).to_be_visible()

    def test_tells_a_second_scan_of_the_same_child_from_the_first(self, station: Page) -> None:
        scan_label(station, "SB10001")
        scan_label(station, "CB001000101")

        outcome = station.locator("[data-result]")
        expect(outcome).to_have_attribute("data-result", "already")
        expect(station.locator("[data-result-text]")).to_contain_text("so already")

    def test_forgets_what_it_asked_of_a_sack_that_is_no_longer_chosen(self, station: Page) -> None:
        """`look` fails the test for an error that nobody caught."""
        station.evaluate(LATE)
        scan_label(station, "SB30001")
        expect(station.locator("html")).to_have_attribute("data-answer", "awaited")

        station.locator("#step").select_option("inspect")
        station.evaluate("() => window.deliver()")

        expect(station.locator("html")).to_have_attribute("data-answer", "delivered")
        expect(station.locator("[data-sack]")).to_be_hidden()


class TestOnAPhone:
    def test_the_answer_and_what_can_be_done_stand_above_the_bar(self, look: Look) -> None:
        make_parent("SB30001")
        page = look("asha", "/scan")
        page.set_viewport_size({"width": 390, "height": 844})
        for label in ("SB30001", "CB001000101"):
            scan_label(page, label)
        button = page.get_by_role("button", name="Move it into SB30001")
        expect(button).to_be_visible()

        page.wait_for_function("""() => {
          const box = (part) => document.querySelector(part).getBoundingClientRect();
          const [answer, top] = [box("[data-result]"), box(".site-header").bottom];
          return top <= answer.top && answer.bottom <= box(".site-nav").top;
        }""")


class TestOutbox:
    def test_keeps_a_scan_over_a_reload_until_the_network_is_back(self, station: Page) -> None:
        station.get_by_label("Step").select_option("inspect")
        station.route(API, lambda route: route.abort())
        scan_label(station, "SB10001")
        expect(station.locator("[data-waiting]")).to_have_text("1")
        expect(station.locator("[data-result-text]")).to_contain_text("Kept on this device")

        station.reload()
        expect(station.locator("[data-waiting]")).to_have_text("1")
        assert not Scan.objects.filter(step="inspect").exists()
        station.unroute(API)
        station.evaluate("dispatchEvent(new Event('online'))")

        expect(station.locator("[data-waiting]")).to_have_text("0")
        expect(station.locator("[data-done-list] li")).to_have_count(1)
        assert Scan.objects.filter(step="inspect").count() == 1

    def test_records_a_scan_once_though_its_answer_was_lost(self, station: Page) -> None:
        station.get_by_label("Step").select_option("inspect")

        def lose_the_answer(route: object) -> None:
            route.fetch()  # type: ignore[attr-defined]
            route.abort()  # type: ignore[attr-defined]

        station.route(API, lose_the_answer, times=1)
        scan_label(station, "SB10001")

        expect(station.locator("[data-done-list] li")).to_have_count(1)
        assert Scan.objects.filter(step="inspect").count() == 1

    @pytest.mark.parametrize(
        ("status", "body"),
        [
            (200, "<html>Welcome to the guest network. Log in.</html>"),
            (200, "{}"),
            (201, '{"verdict": "app'),
            (200, '{"verdict": "log in"}'),
            (201, '{"verdict": "applied"}'),
            (403, "<html>Blocked by the firewall</html>"),
            (403, '{"code": 1020}'),
            (404, '{"code": "NoSuchKey"}'),
            (408, '{"code": "body-too-slow"}'),
            (407, ""),
        ],
    )
    def test_takes_no_answer_of_somebody_else_for_that_of_the_server(
        self, station: Page, status: int, body: str
    ) -> None:
        """The scan waits and is sent again; it is neither forgotten nor refused."""
        station.get_by_label("Step").select_option("inspect")
        station.route(API, lambda route: route.fulfill(status=status, body=body), times=1)
        scan_label(station, "SB10001")

        expect(station.locator("[data-done-list] li")).to_have_count(1)
        expect(station.locator("[data-waiting]")).to_have_text("0")
        assert Scan.objects.filter(step="inspect").count() == 1

    def test_keeps_a_refusal_until_somebody_has_seen_it(self, station: Page) -> None:
        station.get_by_label("Step").select_option("inspect")
        scan_label(station, "SB99999")
        expect(station.locator("[data-refused]")).to_have_text("1")

        station.reload()
        expect(station.locator("[data-refused]")).to_have_text("1")
        station.get_by_role("button", name="Seen: SB99999").click()

        expect(station.locator("[data-refused]")).to_have_text("0")

    def test_keeps_what_is_scanned_after_the_session_has_ended(self, station: Page) -> None:
        station.get_by_label("Step").select_option("inspect")
        station.context.clear_cookies(name="sessionid")

        scan_label(station, "SB10001")

        expect(station.get_by_text("Signed out: log in to send")).to_be_visible()
        expect(station.locator("[data-waiting]")).to_have_text("1")

    def test_does_not_send_before_it_is_said_where(self, look: Look) -> None:
        page = look("olive", "/scan?step=dispatch&code=SB10001")
        expect(page.locator("#code")).to_have_value("SB10001")

        page.keyboard.press("Enter")

        expect(page.locator("[data-result-title]")).to_have_text("Not sent")
        expect(page.locator("[data-waiting]")).to_have_text("0")
