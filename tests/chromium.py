"""Which Chromium looks at the pages, and how it is started."""

import os
import shutil

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip


def found() -> str | None:
    """The path of the one that CHROMIUM names, or of the first that is installed."""
    named = [os.environ.get("CHROMIUM", ""), *NAMES]
    return next((path for name in named if name and (path := shutil.which(name))), None)
