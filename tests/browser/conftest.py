"""Fixtures of the browser tests: Chromium, a site with data, pages that fail on errors."""

import os
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import caches
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Response,
    expect,
    sync_playwright,
)
from pytest_django.live_server_helper import LiveServer

from accounts.roles import Role
from tests.browser_helpers import PASSWORD, TIMEOUT_MS, OpenPage, session_cookie
from tests.chromium import FLAGS, find_chromium
from tests.factories import (
    assign_batch,
    create_reference_data,
    make_area,
    make_batch,
    make_loose_child,
    make_parent,
    make_user,
)

# Playwright runs an event loop in this thread, in which Django refuses to use the database.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

expect.set_options(timeout=TIMEOUT_MS)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Start Chromium; skip the tests if it is not installed."""
    executable = find_chromium()
    if executable is None:
        pytest.skip("Chromium is not installed.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def site(live_server: LiveServer) -> str:
    """Return the URL of a site with two areas, some bags, a batch and a user of each role."""
    caches["limits"].clear()
    create_reference_data()
    for name, role, areas in (
        ("olive", Role.OFFICE, []),
        ("asha", Role.OPERATOR, ["lucknow"]),
        ("vic", Role.VIEWER, ["lucknow"]),
        ("ada", Role.ADMINISTRATOR, []),
        ("inge", Role.INTEGRATOR, []),
    ):
        make_user(name, role, areas, password=PASSWORD)
    batch = make_batch("LOT-1", planned_bags=40, variety="RH-749")
    make_parent("SB10001", children=3)
    make_loose_child("CB900000001")
    make_area("indore")
    make_parent("SB20001", children=1, area="indore")
    assign_batch(batch, "SB10001", "CB001000101", "CB900000001")
    return str(live_server.url)


class ErrorCollector:
    """Collects console errors, uncaught exceptions, server errors and missing static files."""

    def __init__(self) -> None:
        self.errors: list[str] = []

    def attach(self, page: Page) -> None:
        page.on("console", self._on_console)
        page.on("pageerror", lambda error: self.errors.append(f"{page.url}: {error}"))
        page.on("response", self._on_response)

    def _on_console(self, message: ConsoleMessage) -> None:
        # Chromium logs every 4xx response, but such a response may be expected.
        is_response = message.text.startswith("Failed to load resource")
        if message.type in ("error", "warning") and not is_response:
            self.errors.append(f"{message.location.get('url')}: {message.text}")

    def _on_response(self, response: Response) -> None:
        if response.status >= 500 or ("/static/" in response.url and response.status >= 400):
            self.errors.append(f"{response.url}: {response.status}")


@pytest.fixture
def open_page(chromium: Browser, site: str) -> Iterator[OpenPage]:
    """Return a function that opens a page as a user; the test fails if a page reports errors.

    open_page("asha", "/bags", theme="dark", width=390, language="hi")
    """
    contexts: list[BrowserContext] = []
    collector = ErrorCollector()

    def open_page(
        username: str | None,
        path: str,
        *,
        theme: str = "light",
        width: int = 1440,
        language: str = "en",
    ) -> Page:
        options: dict[str, Any] = {"color_scheme": theme, "timezone_id": "Asia/Kolkata"}
        size = {"width": width, "height": 900}
        context = chromium.new_context(base_url=site, viewport=size, **options)
        context.set_default_timeout(TIMEOUT_MS)
        contexts.append(context)
        context.add_cookies([{"name": "tt-language", "value": language, "url": site}])
        if username:
            context.add_cookies([session_cookie(username, site)])
        page = context.new_page()
        collector.attach(page)
        page.goto(path)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert collector.errors == []
