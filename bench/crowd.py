"""Many people at once: a working day's crowd, a stampede, and what is left in memory after it."""

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
from bench.exports import fetched
from bench.server import Server, admitted, redis, serving
from bench.serving import EIGHT, ULTRA
from bench.sites import Sites, on, scratch
from bench.wrk import wrk

PEOPLE, THINK = 1000, 5.0
STAMPEDE = 500
SLOWEST_P95 = 500.0
SECONDS = float(os.environ.get("CROWD_SECONDS", "600"))
# As the product is started on two cores.
WORKERS = 2


@case(unit="req/s", bar=100, rounds=1)
def crowd(sites: Sites) -> Iterator[Pair]:
    """1,000 people, each with a connection, who look, search, open bags and scan, for 10 minutes.

    Against one request a second: the ratio is the requests a second. No error; p95 below 500 ms.
    """
    with scratch(sites.full) as database, serving(database, workers=WORKERS) as server:
        seen: dict[str, Any] = {}

        def day() -> float:
            told = people(server, database, sites, seconds=SECONDS * sites.seconds)
            seen.update(told)
            return float(told["rate"])

        def complaint() -> str | None:
            pair.notes.append(
                f"{seen['answers']} answers, p50 {seen['p50']:.0f} ms, p95 {seen['p95']:.0f} ms, "
                f"worst {seen['worst']:.0f} ms"
            )
            if seen["errors"]:
                return f"errors: {seen['errors']}"
            return "p95 is too slow" if seen["p95"] >= SLOWEST_P95 else None

        pair = Pair(ours=once(day), against=lambda: 1.0, also=complaint)
        yield pair


@case(unit="builds", bar=1, at_most=True, rounds=1)
def stampede(sites: Sites) -> Iterator[Pair]:
    """500 clients on an expired dashboard: it is built at most once in each process, with Redis.

    Against one build a process.
    """
    with redis() as url, serving(site.name(sites.full), workers=WORKERS, REDIS_URL=url) as server:
        notes: list[str] = []

        def rush() -> float:
            told, most = _rush(server, site.name(sites.full), sites)
            notes.append(
                f"slowest answer {told['worst']:.0f} ms, errors: {told['errors'] or 'none'}"
            )
            return most

        yield Pair(ours=once(rush), against=lambda: 1.0, notes=notes)


@case(unit="MiB", bar=1, at_most=True, rounds=1)
def memory(sites: Sites) -> Iterator[Pair]:
    """A worker stays small: after load, a stampede, both exports and a crowd, its largest moment.

    Against 200 MiB.
    """
    with (
        scratch(sites.full) as database,
        redis() as url,
        serving(database, workers=WORKERS, REDIS_URL=url) as server,
    ):

        def largest() -> float:
            wrk(server, ULTRA, clients=EIGHT, seconds=3 * sites.seconds)
            _rush(server, database, sites)
            for form in ("csv", "ndjson"):
                fetched(server, form)
            people(server, database, sites, seconds=60 * sites.seconds)
            return server.memory(peak=True)

        yield Pair(ours=once(largest), against=lambda: 200.0)


def people(
    server: Server, database: str, sites: Sites, *, seconds: float, together: bool = False
) -> dict[str, Any]:
    """What a crowd sees that comes from another process."""
    with on(database):
        staff = User.objects.filter(role__in=[Role.OFFICE, Role.INTEGRATOR])
        tokens = admitted(staff, "bench crowd")
        codes = list(Bag.objects.order_by("id").values_list("code", flat=True)[:2000])
    clients = STAMPEDE if together else PEOPLE
    told = {
        "port": server.port,
        "tokens": tokens,
        "codes": codes,
        "clients": clients if sites.bars else 20,
        "seconds": seconds,
        "think": THINK if sites.bars else 0.1,
        "together": together,
    }
    run = subprocess.run(
        [sys.executable, "-m", "bench.people"],
        input=json.dumps(told), capture_output=True, text=True, check=True, cwd=site.ROOT,
    )  # fmt: skip
    seen: dict[str, Any] = json.loads(run.stdout)
    return seen


def _rush(server: Server, database: str, sites: Sites) -> tuple[dict[str, Any], float]:
    """What 500 see at once after the cache was emptied, and the most builds in a process."""
    before = server.builds()
    server.get("/bench/forget")
    told = people(server, database, sites, seconds=0, together=True)
    after = server.builds()
    return told, float(max(after[pid] - before.get(pid, 0) for pid in after))


def once(measure: Any) -> Any:
    """What takes minutes is measured once, not twice a round."""
    kept: list[float] = []

    def once() -> float:
        if not kept:
            kept.append(measure())
        return kept[0]

    return once
