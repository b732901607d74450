"""The dashboard as it is served: how much of it travels, for how long it keeps, from where."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.test import Client
from playwright.sync_api import Browser, Page, Request

from accounts.roles import Role
from tests.factories import create_reference_data, make_parent, make_user
from tests.live_server import ROOT, Server, run_server

MOST_BYTES, MOST_REQUESTS = 250_000, 12
YEAR = 365 * 24 * 3600

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(scope="module")
def collected(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Settings of a deployment whose static files have been collected."""
    folder = tmp_path_factory.mktemp("static")
    settings = {"STATIC_HASHED": "true", "STATIC_ROOT": str(folder)}
    # What these pages do not show need not be packed.
    left_out = [f"--ignore={name}" for name in ("swagger-ui*", "admin", "rest_framework")]
    command = [sys.executable, "manage.py", "collectstatic", "--noinput", "--verbosity=0"]
    subprocess.run(
        [*command, *left_out], cwd=ROOT, env=os.environ | settings, check=True, timeout=100
    )
    return settings


class Visit:
    """A first visit to a page: every request, and every complaint."""

    def __init__(self, browser: Browser, server: Server, path: str, language: str = "en") -> None:
        site = f"http://127.0.0.1:{server.port}"
        client = Client()
        client.force_login(make_user("olive", Role.OFFICE))
        context = browser.new_context(base_url=site)
        context.add_cookies(
            [
                {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": site},
                {"name": "tt-language", "value": language, "url": site},
            ]
        )
        self.requests: list[Request] = []
        self.complaints: list[str] = []
        self.page: Page = context.new_page()
        self.page.on("request", lambda request: self.requests.append(request))
        self.page.on("console", lambda told: self.complaints.append(told.text))
        self.page.goto(path, wait_until="networkidle")

    def bytes(self, *kinds: str) -> int:
        """What came over the wire for resources of these kinds, headers included."""
        sizes = [r.sizes() for r in self.requests if r.resource_type in kinds]
        return sum(size["responseBodySize"] + size["responseHeadersSize"] for size in sizes)


@pytest.fixture
def server(collected: dict[str, str]) -> Iterator[Server]:
    create_reference_data()
    make_parent("SB10001", children=3)
    with run_server(**collected) as server:
        yield server


class TestTheDashboard:
    def test_is_light_and_its_files_keep_for_a_year(
        self, chromium: Browser, server: Server
    ) -> None:
        for language in ("en", "hi"):
            visit = Visit(chromium, server, "/", language)
            asked = [request for request in visit.requests if request.url.startswith("http")]
            assert len(asked) <= MOST_REQUESTS, [request.url for request in asked]
            assert visit.bytes("document", "stylesheet", "script", "font", "image", "other") <= (
                MOST_BYTES
            )
            assert visit.complaints == []
            self.files_keep([request for request in asked if "/static/" in request.url])

    def files_keep(self, files: list[Request]) -> None:
        assert len(files) > 5
        for answer in [request.response() for request in files]:
            assert answer is not None
            kept = answer.headers["cache-control"]
            age = int(kept.partition("max-age=")[2].partition(",")[0])
            assert "immutable" in kept, answer.url
            assert age >= YEAR, answer.url
            packed = answer.headers.get("content-encoding")
            assert packed == "br" or answer.url.endswith(".woff2"), answer.url


class TestElsewhere:
    def test_one_setting_serves_the_files_from_another_host(
        self, chromium: Browser, server: Server, collected: dict[str, str]
    ) -> None:
        # Another server on another origin: what a CDN would fetch from this one, it already has.
        cdn = f"http://localhost:{server.port}"
        with run_server(**collected, STATIC_CDN=cdn) as site:
            visit = Visit(chromium, site, "/bags/SB10001")

            files = [request for request in visit.requests if "/static/" in request.url]
            own = [r.url for r in files if not r.url.startswith(f"{cdn}/static/")]
            assert len(files) > 4
            # Browsers take icons from no other origin.
            assert [Path(url).name.partition(".")[0] for url in own] == ["sprite"]
            assert all(r.response() is not None and r.response().ok for r in files)
            assert visit.complaints == []
            loaded = "document.fonts.ready.then(() => document.fonts.check('16px Inter Variable'))"
            assert visit.page.evaluate(loaded)
            # Which only a script can have written.
            assert visit.page.locator("time[title]").count() > 0
