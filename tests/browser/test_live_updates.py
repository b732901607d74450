"""Live updates of the overview page over a WebSocket, in front of a real server."""

import re
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Locator, Page, WebSocketRoute, expect

from accounts.actions import save_user
from accounts.models import User
from dashboard.stats.queries import overview
from scans.models import Scan
from tests.browser_helpers import TIMEOUT_MS, session_cookie
from tests.cache_helpers import RedisServer
from tests.factories import make_loose_child
from tests.live_server import Server, create_token, free_port, run_server, wait_until

FILTERED_PATH, POLLING = "/?area=indore&period=7d", "Updating every 15 s"
CONNECTION = "[data-connection]"
LATEST_CODES = '[data-list="latest"] .code'
PAGE_NUMBERS = """() => {
  const latest = [...document.querySelectorAll('[data-list="latest"] .code')];
  const numbers = [...document.querySelectorAll("[data-number], [data-period]")];
  return {
    ...Object.fromEntries(numbers.map(({ dataset, textContent }) =>
      [dataset.number ?? dataset.period, textContent.trim()])),
    latest: latest.map((code) => code.textContent.trim()).join(" "),
  };
}"""


@pytest.fixture
def server(site: str) -> Iterator[Server]:
    with run_server(DB_POOL_BASE="2", DB_POOL_EXTRA="6") as server:
        yield server


@pytest.fixture
def open_live_page(chromium: Browser) -> Iterator[Any]:
    """Return a function that opens the overview page and waits for its WebSocket.

    open_live_page(8000, "olive")
    """
    contexts = []

    def open_page(port: int, username: str, path: str = "/") -> Page:
        url = f"http://127.0.0.1:{port}"
        context = chromium.new_context(base_url=url)
        context.set_default_timeout(TIMEOUT_MS)
        context.add_cookies([session_cookie(username, url)])
        contexts.append(context)
        page = context.new_page()
        with page.expect_websocket() as opened:
            page.goto(path)
        if not opened.value.is_closed():
            opened.value.wait_for_event("framereceived")
        # From now on only the WebSocket can deliver data.
        page.route("**/dashboard/ultra", lambda route: route.abort())
        page.evaluate("window.notReloaded = true")
        return page

    yield open_page
    for context in contexts:
        context.close()


@pytest.fixture
def open_overview(open_live_page: Any, server: Server) -> Any:
    """Return open_live_page for the port of `server`."""
    return partial(open_live_page, server.port)


def latest_code(page: Page) -> Locator:
    """Return the code of the latest scan on the page."""
    return page.locator(LATEST_CODES).first


def register_scan(code: str, *, area: str = "lucknow") -> dict[str, str]:
    """Return the body of a scan that registers a bag."""
    return {
        "ref": str(uuid4()),
        "step": "register",
        "code": code,
        "area": area,
        "scanned_at": timezone.now().isoformat(),
    }


def numbers_on_page(page: Page) -> dict[str, str]:
    """Return the numbers on the page by name, and the codes of the latest scans."""
    return dict(page.evaluate(PAGE_NUMBERS))


def has_database_numbers(page: Page, username: str, **filters: str) -> bool:
    """Return whether the numbers on the page equal those in the database."""
    user = User.objects.get(username=username)
    statistics = overview(user, now=timezone.now(), **filters)
    expected = {name: str(value) for name, value in statistics["period"].items()}
    for group, numbers in statistics["stats"].items():
        expected |= {f"{group}.{name}": str(value) for name, value in numbers.items()}
    expected["latest"] = " ".join(scan["code"] for scan in statistics["recent_activity"])
    return numbers_on_page(page).items() <= expected.items()


class TestWebSocket:
    def test_shows_scans_of_other_clients(self, open_overview: Any, server: Server) -> None:
        page = open_overview("olive")
        token = create_token(User.objects.get(username="asha"))

        response, _ = server.post("scans", token, register_scan("CB900000777"))

        assert response.status == 201
        expect(latest_code(page)).to_have_text("CB900000777")
        expect(page.locator('[data-number="scans.total"]')).to_have_text(str(Scan.objects.count()))
        expect(page.locator(CONNECTION)).to_have_text("Live")
        assert page.evaluate("window.notReloaded")

    def test_hides_scans_of_other_areas(self, open_overview: Any) -> None:
        page = open_overview("asha")

        make_loose_child("CB900000888", area="indore")
        make_loose_child("CB900000777", area="lucknow")

        codes = page.locator(LATEST_CODES)
        expect(codes.first).to_have_text("CB900000777")
        assert "CB900000888" not in codes.all_inner_texts()

    def test_filters_apply_to_updates(self, open_overview: Any, server: Server) -> None:
        page = open_overview("olive", FILTERED_PATH)
        token = create_token(User.objects.get(username="olive"))
        before = numbers_on_page(page)
        assert len(before) == 15
        assert has_database_numbers(page, "olive", area="indore", period="7d")

        with page.expect_response(f"**/dashboard/ultra{FILTERED_PATH[1:]}"):
            server.post("scans", token, register_scan("CB900000888", area="lucknow"))
        assert numbers_on_page(page) == before
        server.post("scans", token, register_scan("CB900000777", area="indore"))

        expect(latest_code(page)).to_have_text("CB900000777")
        assert wait_until(lambda: has_database_numbers(page, "olive", area="indore", period="7d"))
        assert "CB900000888" not in numbers_on_page(page)["latest"]
        expect(page.locator(CONNECTION)).to_have_text("Live")
        assert page.evaluate("window.notReloaded")

    def test_ends_with_the_session(self, open_overview: Any) -> None:
        page = open_overview("olive")
        ada = User.objects.get(username="ada")
        olive = User.objects.get(username="olive")
        olive.is_active = False

        save_user(actor=ada, user=olive)

        expect(page.locator(CONNECTION)).to_have_text("Signed out")
        expect(page.locator("[data-announcer]")).to_contain_text("Signed out")
        page.locator(".filter-bar").get_by_role("link", name="Log in").click()
        expect(page).to_have_url(re.compile(r"/login\?next=/$"))

    def test_changed_permissions_reload_the_page(self, open_overview: Any) -> None:
        page = open_overview("olive")
        expect(page.locator('[data-number="bags.total"]')).to_have_text("7")
        olive = User.objects.get(username="olive")
        olive.role = "viewer"

        save_user(actor=User.objects.get(username="ada"), user=olive)

        expect(page.locator('[data-number="bags.total"]')).to_have_text("0")


class TestPollingFallback:
    def test_polls_until_the_websocket_connects(self, chromium: Browser, server: Server) -> None:
        url = f"http://127.0.0.1:{server.port}"
        token = create_token(User.objects.get(username="olive"))
        is_blocked = True

        def route_socket(socket: WebSocketRoute) -> None:
            socket.close() if is_blocked else socket.connect_to_server()

        with chromium.new_context(base_url=url) as context:
            context.add_cookies([session_cookie("olive", url)])
            page = context.new_page()
            page.route_web_socket("**/live", route_socket)
            page.goto("/")
            page.evaluate("window.notReloaded = true")
            expect(page.locator(CONNECTION)).to_have_text(POLLING)

            server.post("scans", token, register_scan("CB900000777"))

            expect(latest_code(page)).to_have_text("CB900000777")
            assert wait_until(lambda: has_database_numbers(page, "olive"))
            expect(page.locator(CONNECTION)).to_have_text(POLLING)

            is_blocked = False
            # Without this event the next attempt may come only half a minute later.
            page.evaluate("dispatchEvent(new Event('online'))")

            expect(page.locator(CONNECTION)).to_have_text("Live")
            page.route("**/dashboard/ultra", lambda route: route.abort())
            server.post("scans", token, register_scan("CB900000778"))
            expect(latest_code(page)).to_have_text("CB900000778")
            assert page.evaluate("window.notReloaded")


class TestReconnect:
    def test_after_a_network_failure_nothing_is_missing(self, open_overview: Any) -> None:
        page = open_overview("olive")
        page.context.set_offline(True)
        expect(page.locator(CONNECTION)).to_contain_text("Offline since")
        make_loose_child("CB900000771")
        make_loose_child("CB900000772")
        page.context.set_offline(False)

        expect(latest_code(page)).to_have_text("CB900000772")
        assert "CB900000771" in page.locator(LATEST_CODES).all_inner_texts()
        make_loose_child("CB900000773")
        expect(latest_code(page)).to_have_text("CB900000773")
        expect(page.locator(CONNECTION)).to_have_text("Live")
        assert page.evaluate("window.notReloaded")

    def test_after_a_server_restart_nothing_is_missing(
        self, open_live_page: Any, site: str
    ) -> None:
        port = free_port()
        with run_server(PORT=str(port)):
            page = open_live_page(port, "olive")
        expect(page.locator(CONNECTION)).to_contain_text("Offline since")
        make_loose_child("CB900000771")
        make_loose_child("CB900000772")

        with run_server(PORT=str(port)):
            expect(latest_code(page)).to_have_text("CB900000772")
            assert "CB900000771" in page.locator(LATEST_CODES).all_inner_texts()
            make_loose_child("CB900000773")
            expect(latest_code(page)).to_have_text("CB900000773")
            expect(page.locator(CONNECTION)).to_have_text("Live")
            assert page.evaluate("window.notReloaded")

    def test_redis_restart_is_not_noticeable(
        self, open_live_page: Any, site: str, tmp_path: Path
    ) -> None:
        redis = RedisServer(str(tmp_path))
        token = create_token(User.objects.get(username="asha"))
        redis.start()
        with ExitStack() as stack:
            stack.callback(redis.kill)
            server = stack.enter_context(run_server(REDIS_URL=redis.url))
            page = open_live_page(server.port, "olive")

            def post_and_expect(code: str) -> None:
                server.post("scans", token, register_scan(code))
                expect(latest_code(page)).to_have_text(code)

            post_and_expect("CB900000771")
            redis.kill()
            post_and_expect("CB900000772")
            redis.start()
            post_and_expect("CB900000773")
            expect(page.locator(CONNECTION)).to_have_text("Live")
            assert page.evaluate("window.notReloaded")
