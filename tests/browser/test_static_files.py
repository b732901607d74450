"""Static files of a deployment: number and size of requests, cache headers, CDN."""

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

MAX_BYTES, MAX_REQUESTS = 250_000, 12
YEAR_SECONDS = 365 * 24 * 3600

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(scope="module")
def static_settings(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Collect the static files and return the settings of a deployment that serves them."""
    folder = tmp_path_factory.mktemp("static")
    settings = {"STATIC_HASHED": "true", "STATIC_ROOT": str(folder)}
    # These pages do not use them, and compressing them takes long.
    ignored = [f"--ignore={name}" for name in ("swagger-ui*", "admin", "rest_framework")]
    command = [sys.executable, "manage.py", "collectstatic", "--noinput", "--verbosity=0"]
    environment = os.environ | settings
    subprocess.run([*command, *ignored], cwd=ROOT, env=environment, check=True, timeout=100)
    return settings


class Visit:
    """The first visit to a page with an empty cache: its requests and console messages."""

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
        self.console: list[str] = []
        self.page: Page = context.new_page()
        self.page.on("request", lambda request: self.requests.append(request))
        self.page.on("console", lambda message: self.console.append(message.text))
        self.page.goto(path, wait_until="networkidle")

    def transferred_bytes(self, *resource_types: str) -> int:
        """Return the size of the responses for these resource types, including headers."""
        sizes = [r.sizes() for r in self.requests if r.resource_type in resource_types]
        return sum(size["responseBodySize"] + size["responseHeadersSize"] for size in sizes)


@pytest.fixture
def server(static_settings: dict[str, str]) -> Iterator[Server]:
    create_reference_data()
    make_parent("SB10001", children=3)
    with run_server(**static_settings) as server:
        yield server


class TestOverviewPage:
    @pytest.mark.parametrize("language", ["en", "hi"])
    def test_is_small_and_cached_for_a_year(
        self, chromium: Browser, server: Server, language: str
    ) -> None:
        visit = Visit(chromium, server, "/", language)
        requests = [request for request in visit.requests if request.url.startswith("http")]
        types = ("document", "stylesheet", "script", "font", "image", "other")

        assert len(requests) <= MAX_REQUESTS, [request.url for request in requests]
        assert visit.transferred_bytes(*types) <= MAX_BYTES
        assert visit.console == []
        self.check_cache_headers([request for request in requests if "/static/" in request.url])

    def check_cache_headers(self, requests: list[Request]) -> None:
        assert len(requests) > 5
        for response in [request.response() for request in requests]:
            assert response is not None
            cache_control = response.headers["cache-control"]
            max_age = int(cache_control.partition("max-age=")[2].partition(",")[0])
            assert "immutable" in cache_control, response.url
            assert max_age >= YEAR_SECONDS, response.url
            encoding = response.headers.get("content-encoding")
            assert encoding == "br" or response.url.endswith(".woff2"), response.url


class TestCdn:
    def test_files_come_from_the_cdn_except_icons(
        self, chromium: Browser, server: Server, static_settings: dict[str, str]
    ) -> None:
        # `server` stands in for a CDN: another origin with the same files.
        cdn = f"http://localhost:{server.port}"
        with run_server(**static_settings, STATIC_CDN=cdn) as site:
            visit = Visit(chromium, site, "/bags/SB10001")

            files = [request for request in visit.requests if "/static/" in request.url]
            local = [r.url for r in files if not r.url.startswith(f"{cdn}/static/")]
            assert len(files) > 4
            # Browsers load SVG <use> elements from the same origin only.
            assert [Path(url).name.partition(".")[0] for url in local] == ["sprite"]
            assert all(r.response() is not None and r.response().ok for r in files)
            assert visit.console == []
            loaded = "document.fonts.ready.then(() => document.fonts.check('16px Inter Variable'))"
            assert visit.page.evaluate(loaded)
            # page.js sets the titles.
            assert visit.page.locator("time[title]").count() > 0
