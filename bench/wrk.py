"""wrk, the load generator: closed loop, pinned to one core."""

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from bench.server import Server, core

MISSING = "wrk is missing: run bench/install-wrk (Debian's package wrk)."
UNITS = {"us": 0.001, "ms": 1.0, "s": 1000.0, "m": 60_000.0}


class WrkMissing(Exception):
    """wrk is not installed; the message says how to install it."""


@dataclass(frozen=True, slots=True)
class Load:
    """Requests per second, and response times in milliseconds at the median and at 99 %."""

    rate: float
    p50: float
    p99: float


def wrk(
    server: Server, path: str, *, clients: int, seconds: float, script: Path | None = None
) -> Load:
    """Load one path with a number of clients. Raise RuntimeError if a response is not 2xx."""
    if shutil.which("wrk") is None:
        raise WrkMissing(MISSING)
    command = [
        *core(1, pinned=True), "wrk", "--latency", "-t", "1", "-c", str(clients),
        "-d", f"{max(1, round(seconds))}s", "--timeout", "30s",
    ]  # fmt: skip
    for name, value in server.headers.items():
        command += ["-H", f"{name}: {value}"]
    if script is not None:
        command += ["-s", str(script)]
    run = subprocess.run([*command, server.url(path)], capture_output=True, text=True, check=True)
    if "Non-2xx" in run.stdout or "Socket errors" in run.stdout:
        raise RuntimeError(f"{path} failed:\n{run.stdout}")
    return Load(
        rate=float(_found(r"Requests/sec:\s+([\d.]+)", run.stdout)),
        p50=_milliseconds(_found(r"\s50%\s+(\S+)", run.stdout)),
        p99=_milliseconds(_found(r"\s99%\s+(\S+)", run.stdout)),
    )


def _found(pattern: str, text: str) -> str:
    found = re.search(pattern, text)
    assert found is not None, text
    return found[1]


def _milliseconds(text: str) -> float:
    number, unit = _split(text)
    return number * UNITS[unit]


def _split(text: str) -> tuple[float, str]:
    found = re.fullmatch(r"([\d.]+)([a-z]+)", text)
    assert found is not None, text
    return float(found[1]), found[2]
