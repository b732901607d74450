"""Takes every page in light, dark, on a phone and in Hindi: `make screenshots`.

Of a site of its own with the demo's data, under DATA (default: .local/screenshots), which stays.
"""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.chromium import FLAGS, find_chromium
from tests.environment import ROOT

FOLDER = ROOT / "docs" / "screenshots"
START_SECONDS = 300
# The first links of these lists are the bags that are taken.
PARENTS, LOOSE = "/bags?kind=parent&state=received&order=newest", "/bags?loose=1"
PAGES = {
    "login": ("", "/login"),
    "overview": ("office", "/"),
    "scan": ("asha", "/scan"),
    "bags": ("office", "/bags"),
    "bag": ("office", PARENTS),
    "bag-child": ("office", PARENTS),
    "bag-loose": ("asha", LOOSE),
    "batches": ("office", "/batches"),
    "batch": ("office", "/batches/RH749-08"),
    "batch-held": ("office", "/batches/GIRI-11"),
    "recall": ("office", "/batches/GIRI-11/recall"),
    "search": ("office", "/search?q=SB43"),
    "suggestions": ("office", "/batches"),
    "reports": ("office", "/reports"),
    "account": ("asha", "/account"),
    "tokens": ("office", "/account/tokens"),
    "system": ("admin", "/system"),
    "missing": ("office", "/bags/SB99999"),
    "api-docs": ("office", "/api/v3/docs"),
}


@dataclass(frozen=True)
class Mode:
    """How a page is looked at."""

    name: str
    theme: str = "light"
    language: str = "en"
    size: tuple[int, int] = (1280, 720)


MODES = (
    Mode("light"),
    Mode("dark", theme="dark"),
    Mode("phone", size=(390, 700)),
    Mode("hindi", language="hi"),
)


@contextmanager
def site() -> Iterator[str]:
    """A server with the demo's data; gives its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    data = os.environ.get("DATA", str(ROOT / ".local" / "screenshots"))
    environment = os.environ | {"PORT": str(port), "DATA": data, "WORKERS": "1"}
    process = subprocess.Popen([sys.executable, "manage.py", "serve"], cwd=ROOT, env=environment)
    try:
        _await(process, port)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(60)


def _await(process: "subprocess.Popen[bytes]", port: int) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        if process.poll() is not None:
            raise SystemExit("The server did not start.")
        client = HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            client.request("GET", "/healthz")
            if client.getresponse().status == 200:
                return
        except OSError:
            time.sleep(0.5)
        finally:
            client.close()
    raise SystemExit("The server does not answer.")


def sign_in(context: BrowserContext, username: str) -> None:
    """As the demo's own people do."""
    page = context.new_page()
    page.goto("/login")
    page.fill("#username", username)
    page.fill("#password", f"{username}-demo-1")
    page.press("#password", "Enter")
    page.wait_for_url("**/")
    page.close()


def come_to(page: Page, name: str, path: str) -> None:
    """The page of this name, as it is to be seen."""
    page.goto(path)
    if name.startswith("bag-") or name == "bag":
        page.locator("tbody a.code").first.click()
    if name == "bag-child":
        page.locator(".slot a").nth(3).click()
    if name == "suggestions":
        page.keyboard.press("/")
        page.keyboard.type("m")
        page.get_by_role("option").first.wait_for()
        page.keyboard.press("ArrowDown")
    page.wait_for_load_state("networkidle")
    page.evaluate("document.fonts.ready")


def take(browser: Browser, address: str, mode: Mode, names: list[str]) -> None:
    """These pages in one mode, each into a file."""
    width, height = mode.size
    for username in sorted({PAGES[name][0] for name in names}):
        context = browser.new_context(
            base_url=address,
            viewport={"width": width, "height": height},
            color_scheme="dark" if mode.theme == "dark" else "light",
            timezone_id="Asia/Kolkata",
            locale=f"{mode.language}-IN",
            reduced_motion="reduce",
        )
        context.add_cookies([{"name": "tt-language", "value": mode.language, "url": address}])
        if username:
            sign_in(context, username)
        page = context.new_page()
        for name in [name for name in names if PAGES[name][0] == username]:
            come_to(page, name, PAGES[name][1])
            page.screenshot(path=FOLDER / f"{name}-{mode.name}.png", animations="disabled")
        context.close()


def main(names: list[str]) -> None:
    """Take the pages that are named, or all of them."""
    chromium = find_chromium()
    if chromium is None:
        raise SystemExit("There is no Chromium here.")
    FOLDER.mkdir(exist_ok=True)
    with site() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        for mode in MODES:
            take(browser, address, mode, names or list(PAGES))
        browser.close()
    taken = list(Path(FOLDER).glob("*.png"))
    size = sum(path.stat().st_size for path in taken)
    sys.stdout.write(f"{len(taken)} pictures, {size / 1e6:.1f} MB, in {FOLDER}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
