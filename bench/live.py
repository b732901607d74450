"""Open dashboards: delay and cost of sending each scan to 1,000 of them."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore

from accounts.backends import RoleBackend
from accounts.models import User
from accounts.roles import PERMISSIONS, SEE_ALL_AREAS
from bags.models import Bag
from bench import site
from bench.cases import Pair, case
from bench.concurrency import WORKERS, measure_once
from bench.server import Server, run_server
from bench.sites import Sites, on, scratch

DASHBOARDS, SCANS_PER_SECOND, SECONDS = 1000, 20, 30.0
PROMISED_MS = 1000.0
AREA = "lucknow"
TICKS = os.sysconf("SC_CLK_TCK")


@case(unit="ms", bar=1, at_most=True, rounds=1)
def live_fanout(sites: Sites) -> Iterator[Pair]:
    """1,000 open dashboards and 20 scans per second: 99 % of the messages arrive within a second.

    From the response of the scan to the message at each dashboard, compared with 1,000 ms. Without
    Redis, two processes.
    """
    with scratch(sites.full) as database, run_server(database, workers=WORKERS) as server:
        result: dict[str, Any] = {}

        def measure() -> float:
            result.update(run_dashboards(server, database, sites))
            return float(result["p99"])

        def complaint() -> str | None:
            pair.notes.append(
                f"p50 {result['p50']:.0f} ms, p99 {result['p99']:.0f} ms,"
                f" worst {result['worst']:.0f} ms;"
                f" {result['messages']:.1f} messages a second to each"
            )
            pair.notes.append(
                f"all open after {result['opened_in']:.1f} s, a scan answered within"
                f" {result['post_p99']:.0f} ms at p99; {result['cores']:.2f} cores and"
                f" {result['memory']:.0f} MiB for the largest of {WORKERS} processes"
            )
            if result["errors"] or result["missed"]:
                return f"errors: {result['errors']}, missed: {result['missed']}"
            return None

        pair = Pair(ours=measure_once(measure), against=lambda: PROMISED_MS, also=complaint)
        yield pair


def run_dashboards(server: Server, database: str, sites: Sites) -> dict[str, Any]:
    """Open dashboards and send scans from another process; return delays and server cost."""
    count = DASHBOARDS if sites.bars else 20
    options = {
        "port": server.port,
        "token": server.token,
        "sessions": create_sessions(database, count),
        "codes": codes(database),
        "scans": int(SCANS_PER_SECOND * SECONDS) if sites.bars else 10,
        "every": 1 / SCANS_PER_SECOND,
    }
    run = subprocess.Popen(
        [sys.executable, "-m", "bench.dashboard_clients"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=site.ROOT,
    )  # fmt: skip
    with run:
        assert run.stdin is not None
        assert run.stdout is not None
        run.stdin.write(json.dumps(options) + "\n")
        run.stdin.close()
        # It prints a line when all are open: opening is not part of the measurement.
        run.stdout.readline()
        before = cpu_seconds(server)
        answer = run.stdout.read()
    result: dict[str, Any] = json.loads(answer)
    result["cores"] = (cpu_seconds(server) - before) / result["seconds"]
    return result | {"memory": server.memory()}


def create_sessions(database: str, count: int) -> list[str]:
    """Return session keys of users who can see the area of the scans."""
    with on(database):
        roles = [role for role, granted in PERMISSIONS.items() if SEE_ALL_AREAS in granted]
        active = User.objects.filter(is_active=True)
        users = [
            *active.filter(role__in=roles),
            *active.exclude(role__in=roles).filter(areas__code=AREA),
        ]
        return [create_session(user) for user in islice(cycle(users), count)]


def create_session(user: User) -> str:
    """Return the key of a new session of this user."""
    backend = f"{RoleBackend.__module__}.{RoleBackend.__qualname__}"
    store = SessionStore()
    store[SESSION_KEY], store[BACKEND_SESSION_KEY] = str(user.pk), backend
    store[HASH_SESSION_KEY] = user.get_session_auth_hash()
    store.create()
    return str(store.session_key)


def codes(database: str) -> list[str]:
    """Return codes of bags in the area."""
    with on(database):
        found = Bag.objects.filter(area__code=AREA).order_by("id")
        return list(found.values_list("code", flat=True)[:2000])


def cpu_seconds(server: Server) -> float:
    """Return the CPU seconds that the workers have used so far."""
    return sum(_cpu_seconds(pid) for pid in server.workers())


def _cpu_seconds(pid: int) -> float:
    user, system = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / TICKS
