"""An open dashboard before a real server: it hears of each scan, and of the end of its session."""

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
from tests.browser.conftest import WAIT, _session
from tests.cache_helpers import RedisServer
from tests.factories import make_loose_child
from tests.live_server import Server, create_token, free_port, run_server, wait_until

NARROWED, BY_ASKING = "/?area=indore&period=7d", "Asking every 15 s"
PULSE = "[data-connection]"
SHOWN = """() => {
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
def opening(chromium: Browser) -> Iterator[Any]:
    """opening(8000, "olive"): what this person keeps open; it listens already."""
    contexts = []

    def open_page(port: int, username: str, path: str = "/") -> Page:
        url = f"http://127.0.0.1:{port}"
        context = chromium.new_context(base_url=url)
        context.set_default_timeout(WAIT)
        context.add_cookies([_session(username, url)])
        contexts.append(context)
        page = context.new_page()
        with page.expect_websocket() as opened:
            page.goto(path)
        if not opened.value.is_closed():
            opened.value.wait_for_event("framereceived")
        # From here on only the socket can bring news.
        page.route("**/dashboard/ultra", lambda route: route.abort())
        page.evaluate("window.stayed = true")
        return page

    yield open_page
    for context in contexts:
        context.close()


@pytest.fixture
def dashboard(opening: Any, server: Server) -> Any:
    """The same of the one server."""
    return partial(opening, server.port)


def latest(page: Page) -> Locator:
    """The bag of the newest scan on the page."""
    return page.locator('[data-list="latest"] .code').first


def registered(code: str, *, area: str = "lucknow") -> dict[str, str]:
    """The scan of a new bag."""
    now = timezone.now().isoformat()
    entry = {"ref": str(uuid4()), "step": "register", "area": area, "scanned_at": now}
    return entry | {"code": code}


def shown(page: Page) -> dict[str, str]:
    """Every number on the page by its name, and the bags of the latest scans."""
    return dict(page.evaluate(SHOWN))


def is_right(page: Page, username: str, **asked: str) -> bool:
    """Whether all of that is as the database has it now."""
    answer = overview(User.objects.get(username=username), now=timezone.now(), **asked)
    true = {name: str(value) for name, value in answer["period"].items()}
    for group, numbers in answer["stats"].items():
        true |= {f"{group}.{name}": str(value) for name, value in numbers.items()}
    true["latest"] = " ".join(scan["code"] for scan in answer["recent_activity"])
    return shown(page).items() <= true.items()


class TestAnOpenDashboard:
    def test_shows_a_scan_that_another_client_posts(self, dashboard: Any, server: Server) -> None:
        page = dashboard("olive")
        token = create_token(User.objects.get(username="asha"))

        answer, _ = server.post("scans", token, registered("CB900000777"))

        assert answer.status == 201
        expect(latest(page)).to_have_text("CB900000777")
        expect(page.locator('[data-number="scans.total"]')).to_have_text(str(Scan.objects.count()))
        expect(page.locator(PULSE)).to_have_text("Live")
        assert page.evaluate("window.stayed")

    def test_hears_nothing_of_areas_of_others(self, dashboard: Any) -> None:
        page = dashboard("asha")

        make_loose_child("CB900000888", area="indore")
        make_loose_child("CB900000777", area="lucknow")

        latest = page.locator('[data-list="latest"] .code')
        expect(latest.first).to_have_text("CB900000777")
        assert "CB900000888" not in latest.all_inner_texts()

    def test_that_is_narrowed_moves_with_its_own_area_alone(
        self, dashboard: Any, server: Server
    ) -> None:
        page, token = dashboard("olive", NARROWED), create_token(User.objects.get(username="olive"))
        before = shown(page)
        assert len(before) == 15
        assert is_right(page, "olive", area="indore", period="7d")

        with page.expect_response(f"**/dashboard/ultra{NARROWED[1:]}"):
            server.post("scans", token, registered("CB900000888", area="lucknow"))
        assert shown(page) == before
        server.post("scans", token, registered("CB900000777", area="indore"))

        expect(latest(page)).to_have_text("CB900000777")
        assert wait_until(lambda: is_right(page, "olive", area="indore", period="7d"))
        assert "CB900000888" not in shown(page)["latest"]
        expect(page.locator(PULSE)).to_have_text("Live")
        assert page.evaluate("window.stayed")

    def test_ends_with_its_session(self, dashboard: Any) -> None:
        page = dashboard("olive")
        ada = User.objects.get(username="ada")
        olive = User.objects.get(username="olive")
        olive.is_active = False

        save_user(actor=ada, user=olive)

        expect(page.locator(PULSE)).to_have_text("Signed out")
        expect(page.locator("[data-announcer]")).to_contain_text("Signed out")
        page.locator(".filter-bar").get_by_role("link", name="Log in").click()
        expect(page).to_have_url(re.compile(r"/login\?next=/$"))

    def test_is_painted_anew_when_somebody_may_see_less(self, dashboard: Any) -> None:
        page = dashboard("olive")
        expect(page.locator('[data-number="bags.total"]')).to_have_text("7")
        olive = User.objects.get(username="olive")
        olive.role = "viewer"

        save_user(actor=User.objects.get(username="ada"), user=olive)

        expect(page.locator('[data-number="bags.total"]')).to_have_text("0")


class TestADashboardWithoutASocket:
    def test_asks_until_it_has_one(self, chromium: Browser, server: Server) -> None:
        url, token = (
            f"http://127.0.0.1:{server.port}",
            create_token(User.objects.get(username="olive")),
        )
        refused = True

        def met(socket: WebSocketRoute) -> None:
            socket.close() if refused else socket.connect_to_server()

        with chromium.new_context(base_url=url) as context:
            context.add_cookies([_session("olive", url)])
            page = context.new_page()
            page.route_web_socket("**/live", met)
            page.goto("/")
            page.evaluate("window.stayed = true")
            expect(page.locator(PULSE)).to_have_text(BY_ASKING)

            server.post("scans", token, registered("CB900000777"))

            expect(latest(page)).to_have_text("CB900000777", timeout=3 * WAIT)
            assert wait_until(lambda: is_right(page, "olive"))
            expect(page.locator(PULSE)).to_have_text(BY_ASKING)

            refused = False
            # The next try may be half a minute away; a network that is back is one at once.
            page.evaluate("dispatchEvent(new Event('online'))")

            expect(page.locator(PULSE)).to_have_text("Live")
            page.route("**/dashboard/ultra", lambda route: route.abort())
            server.post("scans", token, registered("CB900000778"))
            expect(latest(page)).to_have_text("CB900000778")
            assert page.evaluate("window.stayed")


class TestABreak:
    def test_of_the_network_leaves_no_gap(self, dashboard: Any) -> None:
        page = dashboard("olive")
        page.context.set_offline(True)
        expect(page.locator(PULSE)).to_contain_text("Offline since")
        make_loose_child("CB900000771")
        make_loose_child("CB900000772")
        page.context.set_offline(False)

        expect(latest(page)).to_have_text("CB900000772")
        assert "CB900000771" in page.locator('[data-list="latest"] .code').all_inner_texts()
        make_loose_child("CB900000773")
        expect(latest(page)).to_have_text("CB900000773")
        expect(page.locator(PULSE)).to_have_text("Live")
        assert page.evaluate("window.stayed")

    def test_of_the_server_leaves_no_gap(self, opening: Any, site: str) -> None:
        port = free_port()
        with run_server(PORT=str(port)):
            page = opening(port, "olive")
        expect(page.locator(PULSE)).to_contain_text("Offline since")
        make_loose_child("CB900000771")
        make_loose_child("CB900000772")

        with run_server(PORT=str(port)):
            expect(latest(page)).to_have_text("CB900000772", timeout=3 * WAIT)
            assert "CB900000771" in page.locator('[data-list="latest"] .code').all_inner_texts()
            make_loose_child("CB900000773")
            expect(latest(page)).to_have_text("CB900000773")
            expect(page.locator(PULSE)).to_have_text("Live")
            assert page.evaluate("window.stayed")

    def test_of_redis_is_not_seen(self, opening: Any, site: str, tmp_path: Path) -> None:
        redis, token = RedisServer(str(tmp_path)), create_token(User.objects.get(username="asha"))
        redis.start()
        with ExitStack() as stack:
            stack.callback(redis.kill)
            server = stack.enter_context(run_server(REDIS_URL=redis.url))
            page = opening(server.port, "olive")

            def scanned(code: str) -> None:
                server.post("scans", token, registered(code))
                expect(latest(page)).to_have_text(code)

            scanned("CB900000771")
            redis.kill()
            scanned("CB900000772")
            redis.start()
            scanned("CB900000773")
            expect(page.locator(PULSE)).to_have_text("Live")
            assert page.evaluate("window.stayed")
