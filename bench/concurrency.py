"""Concurrent users: 1,000 users, a cache stampede, and memory after both."""

import functools
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

from accounts.models import User
from accounts.roles import Role
from bags.models import Bag
from bench import site
from bench.cases import Pair, case
from bench.exports import fetch_stream
from bench.server import Server, create_tokens, redis, run_server
from bench.serving import EIGHT, ULTRA
from bench.sites import Sites, on, scratch
from bench.wrk import wrk

USERS, THINK_SECONDS = 1000, 5.0
STAMPEDE = 500
MAX_P95_MS = 500.0
SECONDS = float(os.environ.get("CROWD_SECONDS", "600"))
# The default on two cores.
WORKERS = 2


@case(unit="req/s", bar=100, rounds=1)
def crowd(sites: Sites) -> Iterator[Pair]:
    """1,000 connected users read the dashboard, search, open bags and scan for 10 minutes.

    Compared with one request per second: the ratio is requests per second. No errors; p95 < 500 ms.
    """
    with scratch(sites.full) as database, run_server(database, workers=WORKERS) as server:
        result: dict[str, Any] = {}

        def measure() -> float:
            answer = run_clients(server, database, sites, seconds=SECONDS * sites.seconds)
            result.update(answer)
            return float(answer["rate"])

        def complaint() -> str | None:
            pair.notes.append(
                f"{result['answers']} responses, p50 {result['p50']:.0f} ms, "
                f"p95 {result['p95']:.0f} ms, "
                f"worst {result['worst']:.0f} ms"
            )
            if result["errors"]:
                return f"errors: {result['errors']}"
            return "p95 is too slow" if result["p95"] >= MAX_P95_MS else None

        pair = Pair(ours=measure_once(measure), against=lambda: 1.0, also=complaint)
        yield pair


@case(unit="builds", bar=1, at_most=True, rounds=1)
def stampede(sites: Sites) -> Iterator[Pair]:
    """500 clients request an expired dashboard: each process builds it at most once, with Redis.

    Compared with one build per process.
    """
    with (
        redis() as url,
        run_server(site.name(sites.full), workers=WORKERS, REDIS_URL=url) as server,
    ):
        notes: list[str] = []

        def measure() -> float:
            answer, builds = _stampede(server, site.name(sites.full), sites)
            notes.append(
                f"slowest answer {answer['worst']:.0f} ms, errors: {answer['errors'] or 'none'}"
            )
            return builds

        yield Pair(ours=measure_once(measure), against=lambda: 1.0, notes=notes)


@case(unit="MiB", bar=1, at_most=True, rounds=1)
def memory(sites: Sites) -> Iterator[Pair]:
    """Peak memory of the largest worker after load, a stampede, both exports and concurrent users.

    Compared with 200 MiB.
    """
    with (
        scratch(sites.full) as database,
        redis() as url,
        run_server(database, workers=WORKERS, REDIS_URL=url) as server,
    ):

        def largest() -> float:
            wrk(server, ULTRA, clients=EIGHT, seconds=3 * sites.seconds)
            _stampede(server, database, sites)
            for form in ("csv", "ndjson"):
                fetch_stream(server, form)
            run_clients(server, database, sites, seconds=60 * sites.seconds)
            return server.memory(peak=True)

        yield Pair(ours=measure_once(largest), against=lambda: 200.0)


def run_clients(
    server: Server, database: str, sites: Sites, *, seconds: float, together: bool = False
) -> dict[str, Any]:
    """Run concurrent clients in another process and return their figures."""
    with on(database):
        staff = User.objects.filter(role__in=[Role.OFFICE, Role.INTEGRATOR])
        tokens = create_tokens(staff, "bench crowd")
        codes = list(Bag.objects.order_by("id").values_list("code", flat=True)[:2000])
    clients = STAMPEDE if together else USERS
    options = {
        "port": server.port,
        "tokens": tokens,
        "codes": codes,
        "clients": clients if sites.bars else 20,
        "seconds": seconds,
        "think": THINK_SECONDS if sites.bars else 0.1,
        "together": together,
    }
    run = subprocess.run(
        [sys.executable, "-m", "bench.clients"],
        input=json.dumps(options), capture_output=True, text=True, check=True, cwd=site.ROOT,
    )  # fmt: skip
    result: dict[str, Any] = json.loads(run.stdout)
    return result


def _stampede(server: Server, database: str, sites: Sites) -> tuple[dict[str, Any], float]:
    """Send 500 requests after an invalidation; return figures and the most builds per process."""
    before = server.builds()
    server.get("/bench/invalidate")
    answer = run_clients(server, database, sites, seconds=0, together=True)
    after = server.builds()
    return answer, float(max(after[pid] - before.get(pid, 0) for pid in after))


def measure_once(measure: Any) -> Any:
    """Return a function that measures once and repeats the figure, for measurements of minutes."""
    return functools.cache(measure)
