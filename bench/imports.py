"""Sheets of scans: the whole import with its rules, against the least that writing them takes."""

import csv
import io
import random
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from uuid import uuid4

from django.core.management import call_command
from django.db import connection, transaction

from bags.models import Bag
from bench.cases import Pair, case
from bench.sites import Sites, on, scratch
from scans.sheets import SCAN_COLUMNS
from tracetrack.models import User
from tracetrack.roles import Role

ROWS = 20_000
# What a day's sheet holds; where 5 % are dispatches and receipts.
INSPECTED, LINKED, DISPATCHED = 0.70, 0.25, 0.03
# Labels that no seeded site wears.
FIRST_SACK, FIRST_CHILD = 90_000_000, 900_000_000
LEDGER = (
    "ref", "bag_id", "parent_id", "step", "outcome", "unexpected", "forced", "actor_id", "area_id",
    "station", "scanned_at", "recorded_at", "note", "was_state", "was_parent_state",
)  # fmt: skip

Row = dict[str, str]


@case(unit="rows/s", bar=0.35, rounds=3)
def import_scans(sites: Sites) -> Iterator[Pair]:
    """A sheet of scans with all rules, locks, refusals and counters: 70 % inspect, 25 % link.

    Against COPY of as many rows straight into the ledger with its indexes, triggers off.
    """
    rows = max(200, int(ROWS * sites.seconds))
    with (
        scratch(sites.full) as database,
        on(database),
        tempfile.TemporaryDirectory() as folder,
    ):
        sheets = Sheets(rows)

        def imported() -> float:
            path = sheets.write(Path(folder) / "scans.csv")
            started = time.perf_counter()
            call_command("import_scans", str(path), stdout=io.StringIO())
            return rows / (time.perf_counter() - started)

        yield Pair(ours=imported, against=lambda: copied(sheets))


class Sheets:
    """Sheets of new scans about the bags of a site; no two hold the same scan or new label."""

    def __init__(self, rows: int) -> None:
        self.rows = rows
        self._dice = random.Random(1)
        self._labels = count()
        self._actor = User.objects.filter(role=Role.OPERATOR).order_by("id")[0].username
        # What is packed today is scanned today.
        newest = Bag.objects.order_by("-id")[:rows]
        self.bags = list(newest.values_list("id", flat=True))
        self._known = list(newest.values_list("code", flat=True))
        leaving = Bag.objects.filter(kind="parent", batch__held=False).order_by("-id")
        some = slice(0, rows)
        self._complete = iter(
            list(leaving.filter(state="complete").values_list("code", flat=True)[some])
        )
        self._away = iter(
            list(leaving.filter(state="dispatched").values_list("code", flat=True)[some])
        )

    def write(self, path: Path) -> Path:
        """The next sheet."""
        with path.open("w", newline="") as file:
            sheet = csv.DictWriter(file, [column.name for column in SCAN_COLUMNS])
            sheet.writeheader()
            sheet.writerows(self._row() for _ in range(self.rows))
        return path

    def _row(self) -> Row:
        row = {
            "ref": str(uuid4()),
            "area": "lucknow",
            "station": "Gate 1",
            "actor": self._actor,
            "scanned_at": datetime.now(UTC).isoformat(),
        }
        die = self._dice.random()
        if die < INSPECTED:
            return row | {"step": "inspect", "code": self._dice.choice(self._known)}
        if die < INSPECTED + LINKED:
            label = next(self._labels)
            sack, child = FIRST_SACK + label // 30, FIRST_CHILD + label
            return row | {"step": "link", "code": f"CB{child}", "parent_code": f"SB{sack}"}
        step, codes = ("receive", self._away)
        if die < INSPECTED + LINKED + DISPATCHED:
            step, codes = ("dispatch", self._complete)
        code = next(codes, None)
        if code is None:
            return row | {"step": "inspect", "code": self._dice.choice(self._known)}
        return row | {"step": step, "code": code}


def copied(sheets: Sheets) -> float:
    """Rows a second that COPY writes into the ledger, its triggers and foreign keys off."""
    actor = User.objects.order_by("id")[0].pk
    with connection.cursor() as cursor:
        cursor.execute("SELECT min(id) FROM bags_area")
        (area,) = cursor.fetchone()
    now = datetime.now(UTC).isoformat()
    lines = io.StringIO()
    same = ("inspect", "applied", "f", "f", actor, area, "Gate 1", now, now)
    for nth, bag in enumerate(sheets.bags):
        # A quarter are links, which name a parent: one entry more in an index.
        parent = bag - 1 if nth % 4 == 0 and bag > 1 else "\\N"
        lines.write("\t".join(map(str, (uuid4(), bag, parent, *same))) + "\t\t\t\n")
    started = time.perf_counter()
    into = f"COPY scans_scan ({', '.join(LEDGER)}) FROM STDIN"
    with _without_triggers(), connection.cursor() as cursor, cursor.copy(into) as copy:
        copy.write(lines.getvalue())
    return sheets.rows / (time.perf_counter() - started)


@contextmanager
def _without_triggers() -> Iterator[None]:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        yield
