"""Every page as every role, on a desktop and on a phone: status, layout and accessibility."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.admin.sites import site as admin_site
from django.core.cache import caches
from django.test import Client
from django.urls import NoReverseMatch, URLPattern, URLResolver, get_resolver, reverse
from playwright.sync_api import Page, Request, Response, expect
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from accounts.roles import Role
from bags.models import Bag
from tests.browser_helpers import (
    DESKTOP,
    PAGES,
    PATHS,
    PHONE,
    OpenPage,
    accessibility_errors,
    errors_on_desktop_and_phone,
    goto,
    is_too_wide,
)
from tests.factories import create_reference_data, make_loose_child, make_user

USERNAMES = {
    Role.VIEWER: "vic",
    Role.OPERATOR: "asha",
    Role.OFFICE: "olive",
    Role.ADMINISTRATOR: "ada",
    Role.INTEGRATOR: "inge",
}
UNKNOWN_BAG = "/bags/SB77777"
# Readable URLs that are not pages for logged-in users.
OTHER_URLS = {
    "dashboard:login", "alive", "dashboard:report-csv", "dashboard:bags-workbook",
    "dashboard:suggest",
}  # fmt: skip
HEADER_LINKS = [
    "/", "/scan", "/bags", "/batches", "/reports", "/account", "/account/tokens", "/system",
    "/admin/",
]  # fmt: skip
FIRST_DAY_PATHS = [
    "/", "/scan", "/bags", "/bags?loose=1", "/batches", "/search", "/search?q=CB", "/reports",
    "/account", "/account/tokens", "/system", "/bags/CB900000001",
]  # fmt: skip
# Violations in the HTML of Swagger UI.
SWAGGER_RULES = {
    "heading-order", "select-name",
    "landmark-main-is-top-level", "landmark-no-duplicate-main", "landmark-unique",
}  # fmt: skip


class FailedRequests:
    """Collects the requests of a page for scripts, styles and data that fail."""

    def __init__(self, page: Page) -> None:
        self.failures: list[str] = []
        page.on("response", self._on_response)
        page.on("requestfailed", self._on_failure)

    def _on_response(self, response: Response) -> None:
        if response.status >= 400 and not response.request.is_navigation_request():
            self.failures.append(f"{response.url}: {response.status}")

    def _on_failure(self, request: Request) -> None:
        # Leaving a page aborts its pending requests.
        if request.failure != "net::ERR_ABORTED":
            self.failures.append(f"{request.url}: {request.failure}")


def expected_status(role: Role, path: str) -> int:
    """Return the status of a page for a user with this role."""
    allowed_roles = next(roles for roles, paths in PAGES.values() if path in paths)
    if role not in allowed_roles:
        return 403
    return 404 if path == UNKNOWN_BAG else 200


def url_names(patterns: Any, namespace: str = "") -> Iterator[str]:
    """Yield the names of all URLs except those of the API and the admin."""
    for pattern in patterns:
        if isinstance(pattern, URLPattern):
            yield from [namespace + pattern.name] if pattern.name else []
        elif isinstance(pattern, URLResolver) and pattern.namespace not in ("api", "admin"):
            prefix = f"{pattern.namespace}:" if pattern.namespace else ""
            yield from url_names(pattern.url_patterns, prefix)


def accepts_get(name: str) -> bool:
    """Return whether the URL accepts GET requests."""
    for kwargs in ({}, {"code": "LOT-1"}, {"token": 1}):
        try:
            path = reverse(name, kwargs=kwargs)
        except NoReverseMatch:
            continue
        client = Client()
        client.force_login(User.objects.get(username="ada"))
        response = client.get(path)
        response.close()
        return response.status_code != 405
    raise AssertionError(f"{name} has parameters that this test does not know.")


def admin_paths() -> Iterator[str]:
    """Yield the lists of the admin, and the form and the history of the first row of each."""
    for model in admin_site._registry:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        yield reverse(f"{name}_changelist")
        row = model._default_manager.order_by("pk").first()
        for view in ("change", "history") if row else ():
            yield reverse(f"{name}_{view}", args=[row.pk])


class TestAllPages:
    def test_every_url_is_tested(self, site: str) -> None:
        names = {*url_names(get_resolver().url_patterns), "api:docs"}

        readable = {name for name in names if accepts_get(name)}
        assert readable == PAGES.keys() - {"admin:index"} | OTHER_URLS

    @pytest.mark.parametrize("role", Role)
    def test_status_and_layout_by_role(self, open_page: OpenPage, role: Role) -> None:
        page = open_page(USERNAMES[role], "/account", width=PHONE[0])
        requests, statuses, wide = FailedRequests(page), {}, []
        for path in PATHS:
            statuses[path] = goto(page, path)
            expect(page.locator(".error-page")).to_have_count(0 if statuses[path] == 200 else 1)
            wide += [path] if is_too_wide(page) else []

        assert statuses == {path: expected_status(role, path) for path in PATHS}
        assert (wide, requests.failures) == ([], [])

    @pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
    def test_accessibility(self, open_page: OpenPage, size: tuple[int, int]) -> None:
        page, errors = open_page("ada", "/account", width=size[0]), []
        for path in PATHS:
            goto(page, path)
            ignored = SWAGGER_RULES if path == "/api/v3/docs" else ()
            errors += accessibility_errors(page, ignored)

        assert errors == []

    def test_forbidden_page_is_accessible(self, open_page: OpenPage) -> None:
        page = open_page("vic", "/system")

        assert errors_on_desktop_and_phone(page) == []

    @pytest.mark.parametrize("role", Role)
    def test_header_links_only_to_allowed_pages(self, open_page: OpenPage, role: Role) -> None:
        page = open_page(USERNAMES[role], "/account")

        links = page.locator(".site-header a").evaluate_all("(all) => all.map((a) => a.pathname)")

        assert set(links) == {path for path in HEADER_LINKS if expected_status(role, path) == 200}
        assert {page.request.get(path).status for path in set(links)} == {200}

    def test_anonymous_users_are_redirected_to_log_in(self, open_page: OpenPage) -> None:
        page = open_page(None, "/login")
        requests, targets = FailedRequests(page), set()
        origin = str(page.evaluate("location.origin"))
        for path in PATHS:
            assert goto(page, path) == 200
            targets.add(page.url.split("?")[0].removeprefix(origin))

        assert (targets, requests.failures) == ({"/login"}, [])
        assert errors_on_desktop_and_phone(page) == []


class TestFirstDay:
    @pytest.fixture
    def site(self, live_server: LiveServer, request: pytest.FixtureRequest) -> str:
        """Return the URL of a site with at most one bag, and an operator without an area."""
        caches["limits"].clear()
        if request.node.callspec.params["bags"]:
            create_reference_data()
            make_loose_child("CB900000001")
        make_user("olive", Role.OFFICE)
        make_user("otto", Role.OPERATOR)
        return str(live_server.url)

    @pytest.mark.parametrize(("username", "bags"), [("olive", 0), ("otto", 0), ("olive", 1)])
    def test_pages_without_data(self, open_page: OpenPage, username: str, bags: int) -> None:
        page, errors = open_page(username, "/account", width=PHONE[0]), []
        assert Bag.objects.count() == bags
        for path in FIRST_DAY_PATHS:
            goto(page, path)
            errors += accessibility_errors(page)
            errors += [f"{path} is too wide"] if is_too_wide(page) else []

        assert errors == []


class TestAdmin:
    def test_status_and_layout(self, open_page: OpenPage) -> None:
        page = open_page("ada", "/admin/", width=PHONE[0])
        requests, statuses, wide = FailedRequests(page), set(), []
        for path in admin_paths():
            statuses.add(goto(page, path))
            wide += [path] if is_too_wide(page) else []

        assert (statuses, wide, requests.failures) == ({200}, [], [])
