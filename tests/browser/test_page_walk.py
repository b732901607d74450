"""A walk through every page, as everybody: on a desk and on a phone, with nothing amiss."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.admin.sites import site as desk_of_administrators
from django.core.cache import caches
from django.test import Client
from django.urls import NoReverseMatch, URLPattern, URLResolver, get_resolver, reverse
from playwright.sync_api import Page, Request, Response, expect
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from accounts.roles import Role
from bags.models import Bag
from tests.browser.conftest import Look
from tests.browser.seeing import DESK, PHONE, faults, faults_on_desk_and_phone, settled, too_wide
from tests.factories import create_reference_data, make_loose_child, make_user

PEOPLE = {
    Role.VIEWER: "vic",
    Role.OPERATOR: "asha",
    Role.OFFICE: "olive",
    Role.ADMINISTRATOR: "ada",
    Role.INTEGRATOR: "inge",
}
EVERYBODY = frozenset(Role)
# By the name in the table of addresses: who may see it, and where it is to be seen.
PAGES: dict[str, tuple[frozenset[Role], list[str]]] = {
    "overview": (EVERYBODY, ["/", "/?area=lucknow&period=7d"]),
    "account": (EVERYBODY, ["/account"]),
    "tokens": (EVERYBODY, ["/account/tokens"]),
    "reports": (EVERYBODY, ["/reports"]),
    "search": (EVERYBODY, ["/search", "/search?q=CB00", "/search?q=nothing"]),
    "bags": (EVERYBODY, ["/bags", "/bags?state=open&kind=parent", "/bags?loose=1"]),
    "bag": (EVERYBODY, ["/bags/SB10001", "/bags/CB001000101", "/bags/SB77777"]),
    "batches": (EVERYBODY, ["/batches"]),
    "batch": (EVERYBODY, ["/batches/LOT-1"]),
    "recall": (EVERYBODY, ["/batches/LOT-1/recall"]),
    "api-docs": (EVERYBODY, ["/api/v3/docs"]),
    "scan": (EVERYBODY - {Role.VIEWER}, ["/scan"]),
    "system": (frozenset({Role.OFFICE, Role.ADMINISTRATOR}), ["/system"]),
    "admin:index": (frozenset({Role.ADMINISTRATOR}), ["/admin/"]),
}
PATHS = [path for _, paths in PAGES.values() for path in paths]
MISSING = "/bags/SB77777"
# Nobody who is signed in sees the form to sign in; parts and files are no pages.
OTHERS = {"login", "alive", "report-csv", "bags-workbook", "suggest"}
# What the header leads to.
WAYS = ["/", "/scan", "/bags", "/batches", "/reports", "/account", "/account/tokens", "/system"]
WAYS += ["/admin/"]
FIRST_DAY = [
    "/", "/scan", "/bags", "/bags?loose=1", "/batches", "/search", "/search?q=CB", "/reports",
    "/account", "/account/tokens", "/system", "/bags/CB900000001",
]  # fmt: skip
# What a script has still to bring when a page is there.
READY = {"/": "canvas", "/?area=lucknow&period=7d": "canvas", "/api/v3/docs": ".opblock"}
# How Swagger UI builds its page is for its makers to mend.
OF_SWAGGER = {
    "heading-order", "select-name",
    "landmark-main-is-top-level", "landmark-no-duplicate-main", "landmark-unique",
}  # fmt: skip


class Parts:
    """What pages asked for and did not get."""

    def __init__(self, page: Page) -> None:
        self.amiss: list[str] = []
        page.on("response", self._answered)
        page.on("requestfailed", self._failed)

    def _answered(self, answer: Response) -> None:
        if answer.status >= 400 and not answer.request.is_navigation_request():
            self.amiss.append(f"{answer.url}: {answer.status}")

    def _failed(self, request: Request) -> None:
        # Who leaves a page ends what it still asks for.
        if request.failure != "net::ERR_ABORTED":
            self.amiss.append(f"{request.url}: {request.failure}")


def due(role: Role, path: str) -> int:
    """The status with which a page answers somebody of this role."""
    may = next(roles for roles, paths in PAGES.values() if path in paths)
    if role not in may:
        return 403
    return 404 if path == MISSING else 200


def opened(page: Page, path: str) -> int:
    """The status with which it came; it has its heading, and its letters."""
    answer = page.goto(path)
    assert answer is not None
    expect(page.get_by_role("heading", level=1).first).to_be_visible()
    if answer.status == 200 and path in READY and not answer.request.redirected_from:
        page.locator(READY[path]).first.wait_for()
    settled(page)
    return answer.status


def names(entries: Any) -> Iterator[str]:
    """The names in the table of addresses, but for the API and the tables of the back office."""
    for entry in entries:
        if isinstance(entry, URLPattern):
            yield from [entry.name] if entry.name else []
        elif isinstance(entry, URLResolver) and str(entry.pattern) not in ("api/v3/", "admin/"):
            yield from names(entry.url_patterns)


def is_read(name: str) -> bool:
    """Whether an address answers a GET at all."""
    for given in ({}, {"code": "LOT-1"}, {"token": 1}):
        try:
            path = reverse(name, kwargs=given)
        except NoReverseMatch:
            continue
        client = Client()
        client.force_login(User.objects.get(username="ada"))
        answer = client.get(path)
        answer.close()
        return answer.status_code != 405
    raise AssertionError(f"{name} takes something that this test does not know.")


class TestEveryPage:
    def test_of_the_table_of_addresses_is_walked(self, site: str) -> None:
        named = {*names(get_resolver().url_patterns), "api-docs"}

        assert {name for name in named if is_read(name)} == PAGES.keys() - {"admin:index"} | OTHERS

    @pytest.mark.parametrize("role", Role)
    def test_is_whole_or_clearly_refused(self, look: Look, role: Role) -> None:
        page = look(PEOPLE[role], "/account", width=PHONE[0])
        parts, statuses, wide = Parts(page), {}, []
        for path in PATHS:
            statuses[path] = opened(page, path)
            refused = page.locator(".error-page")
            expect(refused).to_have_count(0 if statuses[path] == 200 else 1)
            wide += [path] if too_wide(page) else []

        assert statuses == {path: due(role, path) for path in PATHS}
        assert (wide, parts.amiss) == ([], [])

    @pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
    def test_is_usable_on_a_desk_and_on_a_phone(self, look: Look, size: tuple[int, int]) -> None:
        page, found = look("ada", "/account", width=size[0]), []
        for path in PATHS:
            opened(page, path)
            found += faults(page, OF_SWAGGER if path == "/api/v3/docs" else ())

        assert found == []

    def test_that_is_refused_is_usable(self, look: Look) -> None:
        page = look("vic", "/system")

        assert faults_on_desk_and_phone(page) == []

    @pytest.mark.parametrize("role", Role)
    def test_leads_to_what_one_may_open_and_to_nothing_else(self, look: Look, role: Role) -> None:
        page = look(PEOPLE[role], "/account")

        links = page.locator(".site-header a").evaluate_all("(all) => all.map((a) => a.pathname)")

        assert set(links) == {path for path in WAYS if due(role, path) == 200}
        assert {page.request.get(path).status for path in set(links)} == {200}

    def test_leads_nobody_past_the_log_in(self, look: Look) -> None:
        page = look(None, "/login")
        parts, led = Parts(page), set()
        for path in PATHS:
            assert opened(page, path) == 200
            led.add(page.url.split("?")[0].removeprefix(site_of(page)))

        assert (led, parts.amiss) == ({"/login"}, [])
        assert faults_on_desk_and_phone(page) == []


def site_of(page: Page) -> str:
    """Where the site of a page begins."""
    return str(page.evaluate("location.origin"))


class TestASiteOnItsFirstDay:
    """Nothing is there yet; then there is one bag."""

    @pytest.fixture
    def site(self, live_server: LiveServer, request: pytest.FixtureRequest) -> str:
        """A site without bags, or with a single one; its operator has no area yet."""
        caches["limits"].clear()
        if request.node.callspec.params["bags"]:
            create_reference_data()
            make_loose_child("CB900000001")
        make_user("olive", Role.OFFICE)
        make_user("otto", Role.OPERATOR)
        return str(live_server.url)

    @pytest.mark.parametrize(("username", "bags"), [("olive", 0), ("otto", 0), ("olive", 1)])
    def test_has_every_page_whole(self, look: Look, username: str, bags: int) -> None:
        page, found = look(username, "/account", width=PHONE[0]), []
        assert Bag.objects.count() == bags
        for path in FIRST_DAY:
            opened(page, path)
            found += faults(page) + ([f"{path} is too wide"] if too_wide(page) else [])

        assert found == []


class TestTheBackOffice:
    def test_is_whole_for_administrators(self, look: Look) -> None:
        page = look("ada", "/admin/", width=PHONE[0])
        parts, statuses, wide = Parts(page), set(), []
        for path in desks():
            statuses.add(opened(page, path))
            wide += [path] if too_wide(page) else []

        assert (statuses, wide, parts.amiss) == ({200}, [], [])


def desks() -> Iterator[str]:
    """The lists of the back office, and the form and the history of the first row of each."""
    for model in desk_of_administrators._registry:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        yield reverse(f"{name}_changelist")
        row = model._default_manager.order_by("pk").first()
        for about in ("change", "history") if row else ():
            yield reverse(f"{name}_{about}", args=[row.pk])
