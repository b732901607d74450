"""Cost of the counters with sixteen concurrent writers."""

import os
import re
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import psycopg

from bags.models import Bag
from bench import site
from bench.cases import Pair, case
from bench.sites import Sites, scratch
from tracetrack.db.embedded import cluster

WRITERS = 16
# The writes of one accepted scan: a ledger row and a changed bag.
SCAN = """
\\set bag random(1, {bags})
\\set step random(1, 2)
BEGIN;
UPDATE bags_bag SET area_id = bound.id FROM (
    SELECT id FROM bags_area ORDER BY id OFFSET :step LIMIT 1) AS bound
WHERE bags_bag.id = :bag;
INSERT INTO scans_scan (ref, bag_id, step, outcome, unexpected, forced, actor_id, area_id, station,
    scanned_at, note, was_state, was_parent_state)
SELECT gen_random_uuid(), :bag, 'inspect', 'applied', false, false,
    (SELECT min(id) + :step FROM accounts_user), (SELECT min(id) + :step FROM bags_area),
    'Gate 1', now(), '', '', '';
COMMIT;
"""
TRIGGERS = (("bags_bag", "dashboard_count_bags"), ("scans_scan", "dashboard_count_scans"))


@case(unit="scans/s", bar=0.6)
def counters_cost(sites: Sites) -> Iterator[Pair]:
    """16 writers with exact counters; each scan writes a row and changes a bag.

    Compared with the same writers with the counting triggers off.
    """
    bags = Bag.objects.latest("id").pk
    with scratch(sites.middle) as database, tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "scan.sql"
        script.write_text(SCAN.format(bags=min(bags, sites.middle)))

        def with_triggers(on: bool) -> float:
            with _counting(database, on):
                return pgbench(database, script, seconds=max(1, int(5 * sites.seconds)))

        yield Pair(ours=lambda: with_triggers(True), against=lambda: with_triggers(False))


def pgbench(database: str, script: Path, *, seconds: int) -> float:
    """Return transactions per second. Raise CalledProcessError if a writer failed."""
    address = urlsplit(site.url(database))
    command = [
        str(cluster.program("pgbench")), "-n", "-h", parse_qs(address.query)["host"][0],
        "-U", cluster.NAME, "-f", str(script), "-c", str(WRITERS), "-j", "2", "-T", str(seconds),
        database,
    ]  # fmt: skip
    run = subprocess.run(command, capture_output=True, text=True, check=True, env=os.environ)
    found = re.search(r"^tps = ([\d.]+)", run.stdout, re.M)
    assert found is not None, run.stdout
    return float(found[1])


@contextmanager
def _counting(database: str, on: bool) -> Iterator[None]:
    """Enable or disable the counting triggers during a block."""
    _alter_triggers(database, "ENABLE" if on else "DISABLE")
    try:
        yield
    finally:
        _alter_triggers(database, "ENABLE")


def _alter_triggers(database: str, word: str) -> None:
    with psycopg.connect(site.url(database), autocommit=True) as connection:
        for table, prefix in TRIGGERS:
            for event in ("insert", "update", "delete"):
                connection.execute(
                    psycopg.sql.SQL(f"ALTER TABLE {table} {word} TRIGGER {prefix}_{event}")
                )
