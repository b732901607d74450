"""The scan station: every scan has a visible result, with or without a network."""

import pytest
from playwright.sync_api import Page, expect

from bags.models import Bag
from scans.models import Scan
from tests.browser_helpers import OpenPage
from tests.factories import make_bag_type, make_parent

SCANS_API = "**/api/v3/scans"
# A bag response whose body arrives only when deliver() is called.
DELAYED_BODY = """() => {
    const originalFetch = window.fetch;
    const setState = (state) => { document.documentElement.dataset.response = state; };
    const json = () => new Promise((resolve) => {
        setState("pending");
        window.deliver = () => {
            resolve({ kind: "parent", child_count: 3, capacity: 30, state: "open" });
            setTimeout(setState, 0, "delivered");
        };
    });
    const response = { ok: true, status: 200, json };
    window.fetch = async (url, options) =>
        String(url).includes("/bags/") ? response : originalFetch(url, options);
}"""
RESULT_IS_BETWEEN_BARS = """() => {
  const box = (selector) => document.querySelector(selector).getBoundingClientRect();
  const [result, top] = [box("[data-result]"), box(".site-header").bottom];
  return top <= result.top && result.bottom <= box(".site-nav").top;
}"""


def scan_label(page: Page, label: str) -> None:
    """Type a label as a keyboard wedge scanner does: wherever the focus is, then Enter."""
    page.keyboard.type(label)
    page.keyboard.press("Enter")


@pytest.fixture
def station(open_page: OpenPage) -> Page:
    page = open_page("asha", "/scan")
    expect(page.locator("#code")).to_be_focused()
    expect(page.get_by_label("Your location")).to_have_value("lucknow")
    return page


class TestPacking:
    def test_first_bag_of_a_new_sack(self, station: Page) -> None:
        scan_label(station, "SB30001")
        expect(station.get_by_text("Scan bags for SB30001")).to_be_visible()
        title = station.locator("[data-result-title]")
        expect(title).to_have_text("Sack SB30001 selected, 0/30")

        scan_label(station, "cb900000002")

        expect(title).to_have_text("1/30 in SB30001")
        expect(station.locator("[data-sack-count]")).to_have_text("1/30")
        assert Bag.objects.get(code="CB900000002").parent.code == "SB30001"

    def test_scanning_another_sack_selects_it(self, station: Page) -> None:
        for label in ("SB30001", "CB900000002", "SB30002", "CB900000003"):
            scan_label(station, label)
        expect(station.locator("[data-result-title]")).to_have_text("1/30 in SB30002")

        sacks = dict(Bag.objects.filter(kind="child").values_list("code", "parent__code"))
        assert (sacks["CB900000002"], sacks["CB900000003"]) == ("SB30001", "SB30002")

    def test_bag_of_another_sack_can_be_moved(self, station: Page) -> None:
        make_parent("SB30001")
        scan_label(station, "SB30001")
        scan_label(station, "CB001000101")

        title = station.locator("[data-result-title]")
        expect(title).to_have_text("CB001000101 is already in sack SB10001.")
        expect(station.locator("[data-result]")).to_have_attribute("data-result", "refused")
        expect(station.locator("[data-refused]")).to_have_text("1")
        station.get_by_role("button", name="Move to SB30001").click()
        expect(title).to_have_text("1/30 in SB30001")
        assert Bag.objects.get(code="CB001000101").parent.code == "SB30001"

    def test_bag_of_another_product_is_rejected(self, open_page: OpenPage) -> None:
        make_bag_type("lentil", parent_pattern=r"LS\d{5}", child_pattern=r"LB\d{5}")
        page = open_page("asha", "/scan")
        for label in ("SB10001", "LB00001"):
            scan_label(page, label)

        title = page.locator("[data-result-title]")
        expect(title).to_have_text("Wrong product: LB00001 is lentil, this sack is mustard.")

    def test_full_sack_is_complete(self, station: Page) -> None:
        make_parent("SB40001", children=29)
        scan_label(station, "SB40001")
        expect(station.locator("[data-sack-count]")).to_have_text("29/30")

        scan_label(station, "CB900000004")

        expect(station.locator("[data-result-title]")).to_have_text("30/30 in SB40001")
        expect(station.locator("[data-result-remedy]")).to_contain_text("Take the next one")
        expect(station.get_by_text("Scan the sack", exact=True)).to_be_visible()

    def test_sack_can_be_closed_early(self, station: Page) -> None:
        scan_label(station, "SB10001")

        station.get_by_role("button", name="Close sack now (3/30)").click()

        expect(station.locator("[data-result-text]")).to_contain_text("SB10001: Completed")
        assert Bag.objects.get(code="SB10001").state == "complete"

    def test_second_scan_of_a_bag_changes_nothing(self, station: Page) -> None:
        scan_label(station, "SB10001")
        scan_label(station, "CB001000101")

        expect(station.locator("[data-result]")).to_have_attribute("data-result", "already")
        expect(station.locator("[data-result-text]")).to_contain_text("Already done")

    def test_response_for_a_deselected_sack_is_ignored(self, station: Page) -> None:
        """`open_page` fails the test for an uncaught error."""
        station.evaluate(DELAYED_BODY)
        scan_label(station, "SB30001")
        expect(station.locator("html")).to_have_attribute("data-response", "pending")

        station.locator("#step").select_option("inspect")
        station.evaluate("() => window.deliver()")

        expect(station.locator("html")).to_have_attribute("data-response", "delivered")
        expect(station.locator("[data-sack]")).to_be_hidden()


class TestPhone:
    def test_result_is_not_covered_by_the_navigation(self, open_page: OpenPage) -> None:
        make_parent("SB30001")
        page = open_page("asha", "/scan")
        page.set_viewport_size({"width": 390, "height": 844})
        for label in ("SB30001", "CB001000101"):
            scan_label(page, label)
        expect(page.get_by_role("button", name="Move to SB30001")).to_be_visible()

        page.wait_for_function(RESULT_IS_BETWEEN_BARS)


class TestOutbox:
    def test_offline_scan_survives_a_reload(self, station: Page) -> None:
        station.get_by_label("Step").select_option("inspect")
        station.route(SCANS_API, lambda route: route.abort())
        scan_label(station, "SB10001")
        expect(station.locator("[data-waiting]")).to_have_text("1")
        expect(station.locator("[data-result-text]")).to_contain_text("Saved on this device")

        station.reload()
        expect(station.locator("[data-waiting]")).to_have_text("1")
        assert not Scan.objects.filter(step="inspect").exists()
        station.unroute(SCANS_API)
        station.evaluate("dispatchEvent(new Event('online'))")

        expect(station.locator("[data-waiting]")).to_have_text("0")
        expect(station.locator("[data-done-list] li")).to_have_count(1)
        assert Scan.objects.filter(step="inspect").count() == 1

    def test_scan_is_recorded_once_if_the_response_is_lost(self, station: Page) -> None:
        station.get_by_label("Step").select_option("inspect")

        def lose_response(route: object) -> None:
            route.fetch()  # type: ignore[attr-defined]
            route.abort()  # type: ignore[attr-defined]

        station.route(SCANS_API, lose_response, times=1)
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
    def test_scan_is_sent_again_after_a_foreign_response(
        self, station: Page, status: int, body: str
    ) -> None:
        station.get_by_label("Step").select_option("inspect")
        station.route(SCANS_API, lambda route: route.fulfill(status=status, body=body), times=1)
        scan_label(station, "SB10001")

        expect(station.locator("[data-done-list] li")).to_have_count(1)
        expect(station.locator("[data-waiting]")).to_have_text("0")
        assert Scan.objects.filter(step="inspect").count() == 1

    def test_rejection_stays_until_the_user_dismisses_it(self, station: Page) -> None:
        station.get_by_label("Step").select_option("inspect")
        scan_label(station, "SB99999")
        expect(station.locator("[data-refused]")).to_have_text("1")

        station.reload()
        expect(station.locator("[data-refused]")).to_have_text("1")
        station.get_by_role("button", name="OK: SB99999").click()

        expect(station.locator("[data-refused]")).to_have_text("0")

    def test_scan_waits_after_the_session_has_ended(self, station: Page) -> None:
        station.get_by_label("Step").select_option("inspect")
        station.context.clear_cookies(name="sessionid")

        scan_label(station, "SB10001")

        expect(station.get_by_text("Signed out: log in to send")).to_be_visible()
        expect(station.locator("[data-waiting]")).to_have_text("1")

    def test_dispatch_needs_a_destination(self, open_page: OpenPage) -> None:
        page = open_page("olive", "/scan?step=dispatch&code=SB10001")
        expect(page.locator("#code")).to_have_value("SB10001")

        page.keyboard.press("Enter")

        expect(page.locator("[data-result-title]")).to_have_text("Not sent")
        expect(page.locator("[data-result-text]")).to_have_text("Select the destination first.")
        expect(page.locator("[data-waiting]")).to_have_text("0")
