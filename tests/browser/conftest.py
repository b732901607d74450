"""A real Chromium in front of the real stack: who looks, at what, and what must never happen."""

import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.cache import caches
from django.test import Client
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

from accounts.models import User
from accounts.roles import Role
from tests.chromium import FLAGS
from tests.chromium import found as chromium_found
from tests.factories import (
    assign_batch,
    create_reference_data,
    make_area,
    make_batch,
    make_loose_child,
    make_parent,
    make_user,
)

# Playwright runs a loop in this thread, where Django would then refuse to ask the database.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

PASSWORD = "a-long-password"
# A machine with two busy cores takes its time.
WAIT = 15_000
expect.set_options(timeout=WAIT)

Look = Callable[..., Page]


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    found = chromium_found()
    if found is None:
        pytest.skip("There is no Chromium here.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def site(live_server: LiveServer) -> str:
    """The address of a site with two areas, some bags, a batch, and people of every role."""
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


class Watch:
    """Everything a page complained about, and every file that was not there."""

    def __init__(self) -> None:
        self.complaints: list[str] = []

    def follow(self, page: Page) -> None:
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.complaints.append(f"{page.url}: {error}"))
        page.on("response", self._response)

    def _console(self, message: ConsoleMessage) -> None:
        # A refusal is an answer with a 4xx; Chromium writes each of them down.
        refused = message.text.startswith("Failed to load resource")
        if message.type in ("error", "warning") and not refused:
            self.complaints.append(f"{message.location.get('url')}: {message.text}")

    def _response(self, response: Response) -> None:
        if response.status >= 500 or ("/static/" in response.url and response.status >= 400):
            self.complaints.append(f"{response.url}: {response.status}")


@pytest.fixture
def look(chromium: Browser, site: str) -> Iterator[Look]:
    """look("asha", "/bags", theme="dark", width=390, language="hi"): as this person sees it."""
    contexts: list[BrowserContext] = []
    watch = Watch()

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
        context.set_default_timeout(WAIT)
        contexts.append(context)
        context.add_cookies([{"name": "tt-language", "value": language, "url": site}])
        if username:
            context.add_cookies([_session(username, site)])
        page = context.new_page()
        watch.follow(page)
        page.goto(path)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert watch.complaints == []


def _session(username: str, site: str) -> Any:
    client = Client()
    client.force_login(User.objects.get(username=username))
    return {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": site}
