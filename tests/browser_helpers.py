"""Checks and steps shared by the browser tests."""

from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

from django.test import Client
from playwright.sync_api import Page, TimeoutError, expect

from accounts.models import User
from accounts.roles import Role
from tests.environment import ROOT

OpenPage = Callable[..., Page]

PASSWORD = "a-long-password"
# A busy machine is slow; that is not a failure.
TIMEOUT_MS = 60_000
LAYOUT_TIMEOUT_MS = 10_000
AXE = ROOT / "tests" / "browser" / "vendor" / "axe-core-4.14.1" / "axe.min.js"
AXE_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
FITS_WINDOW = "() => document.documentElement.scrollWidth <= innerWidth"
DESKTOP, PHONE = (1440, 900), (360, 800)
ALL_ROLES = frozenset(Role)
# By URL name: the roles that may see the page, and the paths at which the tests open it.
PAGES: dict[str, tuple[frozenset[Role], list[str]]] = {
    "dashboard:overview": (ALL_ROLES, ["/", "/?area=lucknow&period=7d"]),
    "dashboard:account": (ALL_ROLES, ["/account"]),
    "dashboard:tokens": (ALL_ROLES, ["/account/tokens"]),
    "dashboard:reports": (ALL_ROLES, ["/reports"]),
    "dashboard:search": (ALL_ROLES, ["/search", "/search?q=CB00", "/search?q=nothing"]),
    "dashboard:bags": (ALL_ROLES, ["/bags", "/bags?state=open&kind=parent", "/bags?loose=1"]),
    "dashboard:bag": (ALL_ROLES, ["/bags/SB10001", "/bags/CB001000101", "/bags/SB77777"]),
    "dashboard:batches": (ALL_ROLES, ["/batches"]),
    "dashboard:batch": (ALL_ROLES, ["/batches/LOT-1"]),
    "dashboard:recall": (ALL_ROLES, ["/batches/LOT-1/recall"]),
    "api:docs": (ALL_ROLES, ["/api/v3/docs"]),
    "dashboard:scan": (ALL_ROLES - {Role.VIEWER}, ["/scan"]),
    "dashboard:system": (frozenset({Role.OFFICE, Role.ADMINISTRATOR}), ["/system"]),
    "admin:index": (frozenset({Role.ADMINISTRATOR}), ["/admin/"]),
}
PATHS = [path for _, paths in PAGES.values() for path in paths]
# Elements that scripts add to a page after it has loaded.
SCRIPTED_ELEMENTS = {
    "/": "canvas", "/?area=lucknow&period=7d": "canvas", "/api/v3/docs": ".opblock",
}  # fmt: skip


def session_cookie(username: str, url: str) -> Any:
    """Return the session cookie of a logged-in user for the site at `url`."""
    client = Client()
    client.force_login(User.objects.get(username=username))
    return {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": url}


def goto(page: Page, path: str) -> int:
    """Open a page, wait until it is complete, and return the status of the response."""
    response = page.goto(path)
    assert response is not None
    expect(page.get_by_role("heading", level=1).first).to_be_visible()
    is_page = response.status == 200 and not response.request.redirected_from
    if is_page and path in SCRIPTED_ELEMENTS:
        page.locator(SCRIPTED_ELEMENTS[path]).first.wait_for()
    wait_for_fonts(page)
    return response.status


def wait_for_fonts(page: Page) -> None:
    """Wait until the fonts of the page are loaded."""
    page.evaluate("document.fonts.ready")


def accessibility_errors(page: Page, ignored_rules: Collection[str] = ()) -> list[str]:
    """Return the violations that axe-core finds on the page."""
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(Path(AXE).read_text())
    # Preloading style sheets would add elements that the Content Security Policy blocks.
    options = "{ runOnly: tags, preload: false }"
    run = f"(tags) => axe.run({options}).then((result) => result.violations)"
    return [
        f"{page.url} {violation['id']}: {node['html'][:120]}"
        for violation in page.evaluate(run, AXE_RULES)
        for node in violation["nodes"]
        if violation["id"] not in ignored_rules
    ]


def is_too_wide(page: Page) -> bool:
    """Return whether the page scrolls sideways, also after charts have adapted to the window."""
    try:
        page.wait_for_function(FITS_WINDOW, timeout=LAYOUT_TIMEOUT_MS)
    except TimeoutError:
        return True
    return False


def errors_on_desktop_and_phone(page: Page) -> list[str]:
    """Return accessibility and layout errors of the page at both sizes."""
    errors = []
    for size in (DESKTOP, PHONE):
        page.set_viewport_size({"width": size[0], "height": size[1]})
        wait_for_fonts(page)
        errors += accessibility_errors(page)
        errors += [f"{page.url} is too wide for {size}"] if is_too_wide(page) else []
    return errors
