"""The product's WSGI application, and a function that returns the same bytes to compare with."""

import os
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from django.utils.module_loading import import_string

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bench.project")
product = import_string("tracetrack.wsgi.application")


@cache
def body() -> bytes:
    """Return the dashboard response as it was when the server started."""
    return Path(os.environ["BENCH_BODY"]).read_bytes()


def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """Answer /bench/bytes without Django, everything else with it."""
    if environ["PATH_INFO"] != "/bench/bytes":
        response: Iterable[bytes] = product(environ, start_response)
        return response
    content = body()
    headers = [("Content-Type", "application/json"), ("Content-Length", str(len(content)))]
    start_response("200 OK", headers)
    return [content]
