"""An open dashboard before a real server: it hears of each scan, and of the end of its session."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from scans.models import Scan
from tests.browser.conftest import WAIT, _session
from tests.factories import make_loose
from tests.live import Server, running
from tracetrack.models import User
from tracetrack.people import save_user

PULSE = "[data-pulse]"


@pytest.fixture
def server(site: str) -> Iterator[Server]:
    with running(DB_POOL_BASE="2", DB_POOL_EXTRA="6") as server:
        yield server


@pytest.fixture
def dashboard(chromium: Browser, server: Server) -> Iterator[Any]:
    """dashboard("olive"): what this person keeps open; it listens already."""
    contexts = []

    def open_page(username: str) -> Page:
        url = f"http://127.0.0.1:{server.port}"
        context = chromium.new_context(base_url=url)
        context.set_default_timeout(WAIT)
        context.add_cookies([_session(username, url)])
        contexts.append(context)
        page = context.new_page()
        with page.expect_websocket() as opened:
            page.goto("/")
        if not opened.value.is_closed():
            opened.value.wait_for_event("framereceived")
        # From here on only the socket can bring news.
        page.route("**/dashboard/ultra", lambda route: route.abort())
        page.evaluate("window.stayed = true")
        return page

    yield open_page
    for context in contexts:
        context.close()


class TestAnOpenDashboard:
    def test_shows_a_scan_made_elsewhere(self, dashboard: Any) -> None:
        page = dashboard("olive")

        make_loose("CB900000777")

        expect(page.locator('[data-list="latest"] .code').first).to_have_text("CB900000777")
        expect(page.locator('[data-number="scans.total"]')).to_have_text(str(Scan.objects.count()))
        expect(page.locator(PULSE)).to_have_text("Live")
        assert page.evaluate("window.stayed")

    def test_hears_nothing_of_areas_of_others(self, dashboard: Any) -> None:
        page = dashboard("asha")

        make_loose("CB900000888", area="indore")
        make_loose("CB900000777", area="lucknow")

        latest = page.locator('[data-list="latest"] .code')
        expect(latest.first).to_have_text("CB900000777")
        assert "CB900000888" not in latest.all_inner_texts()

    def test_ends_with_its_session(self, dashboard: Any) -> None:
        page = dashboard("olive")
        ada = User.objects.get(username="ada")
        olive = User.objects.get(username="olive")
        olive.is_active = False

        save_user(actor=ada, user=olive)

        expect(page.locator(PULSE)).to_have_text("Signed out")

    def test_is_painted_anew_when_somebody_may_see_less(self, dashboard: Any) -> None:
        page = dashboard("olive")
        expect(page.locator('[data-number="bags.total"]')).to_have_text("7")
        olive = User.objects.get(username="olive")
        olive.role = "viewer"

        save_user(actor=User.objects.get(username="ada"), user=olive)

        expect(page.locator('[data-number="bags.total"]')).to_have_text("0")
