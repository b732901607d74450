"""HTTP throughput of the cached dashboard and of recording a scan."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

from django.db import connection

from bags.models import Bag
from bench import minimal_views, site
from bench.cases import Pair, case
from bench.server import Server, run_server
from bench.sites import Sites, on, scratch
from bench.wrk import Load, wrk

ULTRA = "/api/v3/dashboard/ultra"
SCANS = "/api/v3/scans"
EIGHT = 8
# Each request is a new scan: seven of ten inspect a bag, the others pack a new one. Eight operators
# scan; each fills a sack and starts a new one when it is full.
POSTS = """
local codes = {{ {codes} }}
local nth, packed = {first}, 0
local hex = function() return string.format("%04x", math.random(0, 65535)) end
math.randomseed({first})
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
request = function()
    nth = nth + 1
    local ref = string.format("%s%s-%s-4%s-8%s-%s%s%s", hex(), hex(), hex(),
        string.sub(hex(), 2), string.sub(hex(), 2), hex(), hex(), hex())
    local what = string.format('"step": "inspect", "code": "%s"', codes[1 + nth % #codes])
    if nth % 10 >= 7 then
        packed = packed + 1
        local sack = packed % 8 + 8 * math.floor(packed / 240)
        what = string.format('"step": "link", "code": "CB%09d", "parent_code": "SB%08d"',
            900000000 + nth, 90000000 + {first} / 10 + sack)
    end
    return wrk.format(nil, nil, nil, string.format(
        '{{"ref": "%s", %s, "area": "lucknow", "station": "Gate 1", "scanned_at": "{now}"}}',
        ref, what))
end
"""


@case(unit="req/s", bar=0.9)
def dashboard_cached(sites: Sites) -> Iterator[Pair]:
    """A cached dashboard costs little more than authentication.

    Compared with an empty Django view behind the same middleware and authentication, same server.
    """
    with run_server(site.name(sites.full), workers=1, pinned=True) as server:
        loads = [wrk(server, ULTRA, clients=n, seconds=3 * sites.seconds) for n in (1, EIGHT)]
        yield Pair(
            ours=lambda: _rate(server, ULTRA, sites),
            against=lambda: _rate(server, "/bench/empty", sites),
            notes=[
                f"{clients} clients: p50 {load.p50:.1f} ms, p99 {load.p99:.1f} ms"
                f" (promised: under 5-10 ms)"
                for clients, load in zip((1, EIGHT), loads, strict=True)
            ]
            + [f"start to first dashboard: {server.started_in:.1f} s (promised: under 2 s)"],
        )


@case(unit="req/s", bar=0.3)
def dashboard_limit(sites: Sites) -> Iterator[Pair]:
    """A cached dashboard reaches a good share of the throughput of gunicorn itself.

    Compared with a bare WSGI function that returns the same bytes, on the same server.
    """
    with run_server(site.name(sites.full), workers=1, pinned=True) as server:
        yield Pair(
            ours=lambda: _rate(server, ULTRA, sites),
            against=lambda: _rate(server, "/bench/bytes", sites),
        )


@case(unit="req/s", bar=0.4)
def scan_post(sites: Sites) -> Iterator[Pair]:
    """Record a scan over HTTP, with rules, locks, two or three rows and counters.

    Compared with a bare view that does one INSERT, behind the same authentication.
    """
    with (
        scratch(sites.middle) as database,
        tempfile.TemporaryDirectory() as folder,
        run_server(database, workers=1, pinned=True) as server,
    ):
        with on(database), connection.cursor() as cursor:
            cursor.execute(minimal_views.TABLE)
            posts = ScanScripts(Path(folder))
        yield Pair(
            ours=lambda: posts.run(server, SCANS, sites).rate,
            against=lambda: posts.run(server, "/bench/insert", sites).rate,
        )


class ScanScripts:
    """Scripts for wrk, each with new scans."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._count = 0
        known = Bag.objects.order_by("id").values_list("code", flat=True)
        self._codes = ", ".join(f'"{code}"' for code in known[:1000])

    def run(self, server: Server, path: str, sites: Sites) -> Load:
        """Return the load figures of eight clients that send scans."""
        self._count += 1
        script = self._folder / f"{self._count}.lua"
        first = self._count * 100_000
        script.write_text(
            POSTS.format(codes=self._codes, first=first, now="2026-11-01T08:00:00+05:30")
        )
        return wrk(server, path, clients=EIGHT, seconds=3 * sites.seconds, script=script)


def _rate(server: Server, path: str, sites: Sites) -> float:
    return wrk(server, path, clients=EIGHT, seconds=3 * sites.seconds).rate
