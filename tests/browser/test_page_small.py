"""A site on its first day: nothing there yet, and then one bag. No page breaks or looks broken."""

import pytest
from django.core.cache import caches
from playwright.sync_api import expect
from pytest_django.live_server_helper import LiveServer

from tests.browser.conftest import PASSWORD, Look
from tests.browser.test_page_look import faults, overflow, settled
from tests.factories import make_loose, make_user, reference
from tracetrack.roles import Role

PATHS = [
    "/", "/scan", "/bags", "/bags?loose=1", "/batches", "/search", "/search?q=CB", "/reports",
    "/account", "/account/tokens", "/system", "/bags/CB900000001",
]  # fmt: skip


@pytest.fixture(params=["empty", "one bag"])
def site(live_server: LiveServer, request: pytest.FixtureRequest) -> str:
    """A site without bags, or with a single one."""
    caches["limits"].clear()
    if request.param == "one bag":
        reference()
        make_loose("CB900000001")
    make_user("olive", Role.OFFICE, password=PASSWORD)
    make_user("otto", Role.OPERATOR, password=PASSWORD)
    return str(live_server.url)


@pytest.mark.parametrize("username", ["olive", "otto"])
def test_every_page_is_whole_wide_and_on_a_phone(look: Look, username: str) -> None:
    found = []
    for width in (1440, 360):
        page = look(username, "/account", width=width)
        for path in PATHS:
            page.goto(path)
            settled(page)
            expect(page.get_by_role("heading", level=1)).to_be_visible()
            found += faults(page) + ([f"{path} is too wide"] if overflow(page) > 0 else [])

    assert found == []
