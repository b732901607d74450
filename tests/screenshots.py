"""Screenshots of every page in light, dark, on a phone and in Hindi: `make screenshots`.

They show a server with demo data in DATA (default: .local/screenshots), which is kept.
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

# Not from tests.environment, which sets the database of the tests.
ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "docs" / "screenshots"
START_SECONDS = 300
TIMEOUT_MS = 180_000
SETTLE_MS = 1_500
# Elements that scripts add to a page after it has loaded.
SCRIPTED_ELEMENTS = {"overview": ".chart canvas", "api-docs": ".opblock"}
# The bag pages show the first bag of these lists.
SACKS, LOOSE_BAGS = "/bags?kind=parent&state=received&order=newest", "/bags?loose=1"
PAGES = {
    "login": ("", "/login"),
    "overview": ("office", "/"),
    "scan": ("asha", "/scan"),
    "bags": ("office", "/bags"),
    "bag": ("office", SACKS),
    "bag-child": ("office", SACKS),
    "bag-loose": ("asha", LOOSE_BAGS),
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
    """Theme, language and window size of a screenshot."""

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
def run_demo_site() -> Iterator[str]:
    """Run a server with demo data, and yield its URL."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    data = os.environ.get("DATA", str(ROOT / ".local" / "screenshots"))
    environment = os.environ | {"PORT": str(port), "DATA": data, "WORKERS": "1"}
    process = subprocess.Popen([sys.executable, "manage.py", "serve"], cwd=ROOT, env=environment)
    try:
        _wait_for_server(process, port)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(60)


def _wait_for_server(process: "subprocess.Popen[bytes]", port: int) -> None:
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
    raise SystemExit("The server did not respond in time.")


def log_in(context: BrowserContext, username: str) -> None:
    """Log in as a demo user."""
    page = context.new_page()
    page.goto("/login")
    page.fill("#username", username)
    page.fill("#password", f"{username}-demo-1")
    page.press("#password", "Enter")
    page.wait_for_url("**/")
    page.close()


def open_page(page: Page, name: str, path: str) -> None:
    """Open the page with this name, and wait until it is complete."""
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
    page.wait_for_load_state("load")
    if name in SCRIPTED_ELEMENTS:
        page.locator(SCRIPTED_ELEMENTS[name]).first.wait_for()
    page.evaluate("document.fonts.ready")
    # The icons, and the first message of the WebSocket.
    page.wait_for_timeout(SETTLE_MS)


def take_screenshots(browser: Browser, address: str, mode: Mode, names: list[str]) -> None:
    """Write a screenshot of each page in one mode."""
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
        context.set_default_timeout(TIMEOUT_MS)
        context.add_cookies([{"name": "tt-language", "value": mode.language, "url": address}])
        if username:
            log_in(context, username)
        page = context.new_page()
        for name in [name for name in names if PAGES[name][0] == username]:
            open_page(page, name, PAGES[name][1])
            page.screenshot(path=FOLDER / f"{name}-{mode.name}.png", animations="disabled")
        context.close()


def main(names: list[str]) -> None:
    """Take screenshots of the named pages, or of all."""
    chromium = find_chromium()
    if chromium is None:
        raise SystemExit("Chromium is not installed.")
    FOLDER.mkdir(exist_ok=True)
    with run_demo_site() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        for mode in MODES:
            take_screenshots(browser, address, mode, names or list(PAGES))
        browser.close()
    pictures = list(Path(FOLDER).glob("*.png"))
    size = sum(path.stat().st_size for path in pictures)
    sys.stdout.write(f"{len(pictures)} screenshots, {size / 1e6:.1f} MB, in {FOLDER}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
