"""The product's WSGI application, and a bare function that returns the same bytes."""

import os
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bench.project")
# After the settings are chosen: importing it sets Django up.
from tracetrack.wsgi import application as product


@cache
def body() -> bytes:
    """Return the dashboard as it was when the server started."""
    return Path(os.environ["BENCH_BODY"]).read_bytes()


def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """Answer /bench/bytes without Django, all other paths with it."""
    if environ["PATH_INFO"] != "/bench/bytes":
        result: Iterable[bytes] = product(environ, start_response)
        return result
    content = body()
    headers = [("Content-Type", "application/json"), ("Content-Length", str(len(content)))]
    start_response("200 OK", headers)
    return [content]
