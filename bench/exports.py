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
from bench.server import Server, serving
from bench.sites import Sites
from tracetrack.db.embedded import cluster

# One of the ten, with some 8 % of all bags.
AREA = "sri-ganganagar"
GROWS_BY = 64.0
PIECE = 1 << 16
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
    """A CSV stream of a tenth of all bags, through HTTP, in flat memory.

    Against COPY … TO STDOUT of the same columns by psql.
    """
    with serving(site.name(sites.full), workers=1) as server:
        yield _exported(server, sites, "csv", header=1)


@case(unit="rows/s", bar=0.3, rounds=3)
def export_ndjson(sites: Sites) -> Iterator[Pair]:
    """The same as NDJSON.

    Against COPY … TO STDOUT of the same columns by psql.
    """
    with serving(site.name(sites.full), workers=1) as server:
        yield _exported(server, sites, "ndjson", header=0)


def fetched(server: Server, form: str) -> tuple[int, float]:
    """Lines of the whole stream, and the seconds until its first byte."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=600)
    started = time.perf_counter()
    path = f"/api/v3/bags/stream?format={form}&area={AREA}"
    connection.request("GET", path, headers=server.headers)
    answer = connection.getresponse()
    assert answer.status == 200, answer.read()
    piece = answer.read1(PIECE)
    first = time.perf_counter() - started
    lines = 0
    while piece:
        lines += piece.count(b"\n")
        piece = answer.read1(PIECE)
    connection.close()
    return lines, first


def _exported(server: Server, sites: Sites, form: str, *, header: int) -> Pair:
    rows = Bag.objects.filter(area__code=AREA).count()
    before = server.memory()
    highest, firsts = [before], [0.0]

    def ours() -> float:
        started = time.perf_counter()
        with _watched(server, highest):
            lines, first = fetched(server, form)
        assert lines == rows + header, (lines, rows)
        firsts.append(first)
        return rows / (time.perf_counter() - started)

    def complaint() -> str | None:
        grown = max(highest) - before
        told = f"first byte after {max(firsts) * 1000:.0f} ms, memory grew by {grown:.0f} MiB"
        pair.notes.append(told)
        return f"more than {GROWS_BY:.0f} MiB" if grown > GROWS_BY else None

    pair = Pair(ours=ours, against=lambda: rows / _psql(site.name(sites.full)), also=complaint)
    return pair


def _psql(database: str) -> float:
    """Seconds that psql takes for the same rows."""
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
def _watched(server: Server, highest: list[float]) -> Iterator[None]:
    """Note how much memory the largest worker holds, ten times a second, during a block."""
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
