"""Open dashboards: how soon a thousand of them hear of each scan, and what that takes."""

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
from accounts.roles import BOUNDLESS, PERMISSIONS
from bags.models import Bag
from bench import site
from bench.cases import Pair, case
from bench.crowd import WORKERS, once
from bench.server import Server, serving
from bench.sites import Sites, on, scratch

DASHBOARDS, SCANS_A_SECOND, SECONDS = 1000, 20, 30.0
PROMISED = 1000.0
AREA = "lucknow"
TICKS = os.sysconf("SC_CLK_TCK")


@case(unit="ms", bar=1, at_most=True, rounds=1)
def live_fanout(sites: Sites) -> Iterator[Pair]:
    """1,000 open dashboards hear of 20 scans a second: 99 % of the news is there within a second.

    From the scan's answer to the message in the hands of each listener, against 1,000 ms. Without
    Redis, in two processes.
    """
    with scratch(sites.full) as database, serving(database, workers=WORKERS) as server:
        seen: dict[str, Any] = {}

        def heard() -> float:
            seen.update(told(server, database, sites))
            return float(seen["p99"])

        def complaint() -> str | None:
            pair.notes.append(
                f"p50 {seen['p50']:.0f} ms, p99 {seen['p99']:.0f} ms, worst {seen['worst']:.0f} ms;"
                f" {seen['messages']:.1f} messages a second to each"
            )
            pair.notes.append(
                f"all open after {seen['opened_in']:.1f} s, a scan answered within"
                f" {seen['post_p99']:.0f} ms at p99; {seen['cores']:.2f} cores and"
                f" {seen['memory']:.0f} MiB for the largest of {WORKERS} processes"
            )
            if seen["errors"] or seen["missed"]:
                return f"errors: {seen['errors']}, not heard: {seen['missed']}"
            return None

        pair = Pair(ours=once(heard), against=lambda: PROMISED, also=complaint)
        yield pair


def told(server: Server, database: str, sites: Sites) -> dict[str, Any]:
    """What another process hears of the scans that it sends, and what it costs the server."""
    count = DASHBOARDS if sites.bars else 20
    asked = {
        "port": server.port,
        "token": server.token,
        "sessions": signed_in(database, count),
        "codes": codes(database),
        "scans": int(SCANS_A_SECOND * SECONDS) if sites.bars else 10,
        "every": 1 / SCANS_A_SECOND,
    }
    run = subprocess.Popen(
        [sys.executable, "-m", "bench.listeners"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=site.ROOT,
    )  # fmt: skip
    with run:
        assert run.stdin is not None
        assert run.stdout is not None
        run.stdin.write(json.dumps(asked) + "\n")
        run.stdin.close()
        # It says when all are open: opening them is not what is measured.
        run.stdout.readline()
        before = worked(server)
        answer = run.stdout.read()
    seen: dict[str, Any] = json.loads(answer)
    seen["cores"] = (worked(server) - before) / seen["seconds"]
    return seen | {"memory": server.memory()}


def signed_in(database: str, count: int) -> list[str]:
    """So many sessions of those who may see the area in which is scanned."""
    with on(database):
        everywhere = [role for role, may in PERMISSIONS.items() if BOUNDLESS in may]
        active = User.objects.filter(is_active=True)
        users = [
            *active.filter(role__in=everywhere),
            *active.exclude(role__in=everywhere).filter(areas__code=AREA),
        ]
        return [session(user) for user in islice(cycle(users), count)]


def session(user: User) -> str:
    """A session of this person, as signing in makes it."""
    backend = f"{RoleBackend.__module__}.{RoleBackend.__qualname__}"
    kept = SessionStore()
    kept[SESSION_KEY], kept[BACKEND_SESSION_KEY] = str(user.pk), backend
    kept[HASH_SESSION_KEY] = user.get_session_auth_hash()
    kept.create()
    return str(kept.session_key)


def codes(database: str) -> list[str]:
    """Bags that somebody may look at in that area."""
    with on(database):
        found = Bag.objects.filter(area__code=AREA).order_by("id")
        return list(found.values_list("code", flat=True)[:2000])


def worked(server: Server) -> float:
    """Seconds that the processes which answer have worked so far."""
    return sum(_worked(pid) for pid in server.workers())


def _worked(pid: int) -> float:
    user, system = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / TICKS
