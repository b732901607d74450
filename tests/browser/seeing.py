"""What can be wrong with a page that stands: for whoever sees, hears or holds a phone."""

from collections.abc import Collection
from pathlib import Path

from playwright.sync_api import Page, TimeoutError

AXE = Path(__file__).parent / "vendor" / "axe-core-4.14.1" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
FITS = "() => document.documentElement.scrollWidth <= innerWidth"
REST = 3_000
DESK, PHONE = (1440, 900), (360, 800)


def settled(page: Page) -> None:
    """Waits until its letters have their shape."""
    page.evaluate("document.fonts.ready")


def faults(page: Page, known: Collection[str] = ()) -> list[str]:
    """What axe-core finds wrong with the page as it stands, but for the rules that are `known`."""
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(AXE.read_text())
    # To look into style sheets that import others it would write some of its own into the page.
    options = "{ runOnly: tags, preload: false }"
    run = f"(tags) => axe.run({options}).then((found) => found.violations)"
    return [
        f"{page.url} {found['id']}: {node['html'][:120]}"
        for found in page.evaluate(run, RULES)
        for node in found["nodes"]
        if found["id"] not in known
    ]


def too_wide(page: Page) -> bool:
    """Whether the page, once at rest, is wider than the window."""
    try:
        # Charts follow the window a frame later.
        page.wait_for_function(FITS, timeout=REST)
    except TimeoutError:
        return True
    return False


def faults_on_desk_and_phone(page: Page) -> list[str]:
    """What is wrong with the page on a desk, and then on a phone."""
    found = []
    for size in (DESK, PHONE):
        page.set_viewport_size({"width": size[0], "height": size[1]})
        settled(page)
        found += faults(page)
        found += [f"{page.url} is too wide for {size}"] if too_wide(page) else []
    return found
