"""Exports: every bag of an area as CSV and NDJSON, against the database's own client."""

import http.client
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import parse_qs, urlsplit

from bags.models import Bag
from bench import site
from bench.cases import Pair, case
from bench.server import Server, run_server
from bench.sites import Sites
from tracetrack.db.embedded import cluster

# One of ten areas, with about 8 % of all bags.
AREA = "sri-ganganagar"
MAX_GROWTH_MIB = 64.0
CHUNK_BYTES = 1 << 16
COLUMNS = """
    COPY (
        SELECT bag.id, bag.code, bag.kind, kind.name, batch.code, area.code, bound.code, bag.state,
            parent.code, bag.child_count, bag.capacity, bag.weight
        FROM bags_bag AS bag
        JOIN bags_bagtype AS kind ON kind.id = bag.bag_type_id
        JOIN bags_area AS area ON area.id = bag.area_id
        LEFT JOIN bags_batch AS batch ON batch.id = bag.batch_id
        LEFT JOIN bags_area AS bound ON bound.id = bag.bound_for_id
        LEFT JOIN bags_bag AS parent ON parent.id = bag.parent_id
        WHERE area.code = '{area}'
        ORDER BY bag.id
    ) TO STDOUT WITH (FORMAT csv, HEADER)
"""


@case(unit="rows/s", bar=0.6, rounds=3)
def export_csv(sites: Sites) -> Iterator[Pair]:
    """Stream a tenth of all bags as CSV over HTTP in constant memory.

    Compared with COPY … TO STDOUT of the same columns by psql.
    """
    with run_server(site.name(sites.full), workers=1) as server:
        yield _export_pair(server, sites, "csv", header=1)


@case(unit="rows/s", bar=0.3, rounds=3)
def export_ndjson(sites: Sites) -> Iterator[Pair]:
    """Stream a tenth of all bags as NDJSON.

    Compared with COPY … TO STDOUT of the same columns by psql.
    """
    with run_server(site.name(sites.full), workers=1) as server:
        yield _export_pair(server, sites, "ndjson", header=0)


def fetch_stream(server: Server, form: str) -> tuple[int, float]:
    """Return the number of lines of the stream, and the seconds until its first byte."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=600)
    started = time.perf_counter()
    path = f"/api/v3/bags/stream?format={form}&area={AREA}"
    connection.request("GET", path, headers=server.headers)
    answer = connection.getresponse()
    assert answer.status == 200, answer.read()
    chunk = answer.read1(CHUNK_BYTES)
    first = time.perf_counter() - started
    lines = 0
    while chunk:
        lines += chunk.count(b"\n")
        chunk = answer.read1(CHUNK_BYTES)
    connection.close()
    return lines, first


def _export_pair(server: Server, sites: Sites, form: str, *, header: int) -> Pair:
    rows = Bag.objects.filter(area__code=AREA).count()
    before = server.memory()
    highest, firsts = [before], [0.0]

    def ours() -> float:
        started = time.perf_counter()
        with _watch_memory(server, highest):
            lines, first = fetch_stream(server, form)
        assert lines == rows + header, (lines, rows)
        firsts.append(first)
        return rows / (time.perf_counter() - started)

    def complaint() -> str | None:
        grown = max(highest) - before
        note = f"first byte after {max(firsts) * 1000:.0f} ms, memory grew by {grown:.0f} MiB"
        pair.notes.append(note)
        return f"more than {MAX_GROWTH_MIB:.0f} MiB" if grown > MAX_GROWTH_MIB else None

    pair = Pair(ours=ours, against=lambda: rows / _psql(site.name(sites.full)), also=complaint)
    return pair


def _psql(database: str) -> float:
    """Return the seconds that psql takes for the same rows."""
    host = parse_qs(urlsplit(site.url(database)).query)["host"][0]
    command = [
        str(cluster.program("psql")),
        "-h",
        host,
        "-U",
        cluster.NAME,
        "-d",
        database,
        "-q",
        "-c",
    ]
    started = time.perf_counter()
    subprocess.run([*command, COLUMNS.format(area=AREA)], stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - started


@contextmanager
def _watch_memory(server: Server, highest: list[float]) -> Iterator[None]:
    """Record the memory of the largest worker, ten times per second, during a block."""
    done = threading.Event()

    def watch() -> None:
        while not done.wait(0.1):
            highest.append(server.memory())

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
