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
from typing import Any
from uuid import uuid4

from django.core.management import call_command
from django.db import connection, transaction

from accounts.models import User
from accounts.roles import Role
from bags.models import Area, Bag
from bench.cases import Pair, case
from bench.sites import Sites, on, scratch
from scans.sheets import SCAN_SHEET_COLUMNS

ROWS = 20_000
# What a day's sheet holds, in shares: of the last 5 % most bring bags on record; sacks leave and
# arrive as they are packed, one for thirty links.
SHARES = {
    "inspect": 0.70, "link": 0.25, "register": 0.03, "dispatch": 0.009, "receive": 0.006,
    "complete": 0.003, "unlink": 0.002,
}  # fmt: skip
# Labels that no seeded site wears.
FIRST_SACK, FIRST_CHILD, FIRST_LOOSE = 90_000_000, 900_000_000, 800_000_000
LEDGER = (
    "ref", "bag_id", "parent_id", "step", "outcome", "unexpected", "forced", "actor_id", "area_id",
    "station", "scanned_at", "recorded_at", "note", "was_state", "was_area_id", "was_parent_state",
)  # fmt: skip

Row = dict[str, str]


@case(unit="rows/s", bar=0.35, rounds=7)
def import_scans(sites: Sites) -> Iterator[Pair]:
    """A sheet of scans with all rules, locks, refusals and counters: 70 % inspect, 25 % link.

    Against COPY of what they come to straight into the ledger with its indexes, triggers off.
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
        self._labels, self._loose = count(), count()
        self._actor = User.objects.filter(role=Role.OPERATOR).order_by("id")[0].username
        # What is packed today is scanned today.
        newest = Bag.objects.order_by("-id")[:rows]
        self._known = list(newest.values_list("code", flat=True))
        self._ids = list(newest.values_list("id", flat=True))
        free = Bag.objects.exclude(batch__held=True).exclude(parent__batch__held=True)
        sacks = free.filter(kind="parent").order_by("-id")
        some = slice(0, rows)
        self._waiting = {
            step: iter(list(bags.values_list("code", flat=True)[some]))
            for step, bags in {
                "dispatch": sacks.filter(state="complete"),
                "receive": sacks.filter(state="dispatched"),
                "complete": sacks.filter(state="open", child_count__gt=0),
                "unlink": free.filter(parent__state="open").order_by("-id"),
            }.items()
        }

    def write(self, path: Path) -> Path:
        """The next sheet."""
        with path.open("w", newline="") as file:
            sheet = csv.DictWriter(file, [column.name for column in SCAN_SHEET_COLUMNS])
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
        (step,) = self._dice.choices(list(SHARES), list(SHARES.values()))
        code = None
        if step in self._waiting:
            code = next(self._waiting[step], None)
        elif step == "link":
            label = next(self._labels)
            sack, child = FIRST_SACK + label // 30, FIRST_CHILD + label
            return row | {"step": "link", "code": f"CB{child}", "parent_code": f"SB{sack}"}
        elif step == "register":
            code = f"CB{FIRST_LOOSE + next(self._loose)}"
        if code is None:
            step, code = "inspect", self._dice.choice(self._known)
        return row | {"step": step, "code": code}

    def ledger(self) -> str:
        """What such a sheet comes to in the ledger, as COPY takes it: new bags are born, too."""
        actor, area = User.objects.order_by("id")[0].pk, Area.objects.order_by("id")[0].pk
        now = datetime.now(UTC).isoformat()
        lines = io.StringIO()
        for nth in range(self.rows):
            bag = self._dice.choice(self._ids)
            if nth % 4:
                lines.write(_line(bag, "\\N", "inspect", actor, area, now, "", "\\N", ""))
                continue
            lines.write(_line(bag, "\\N", "register", actor, area, now, "", "\\N", ""))
            lines.write(
                _line(bag, max(1, bag - 1), "link", actor, area, now, "loose", area, "open")
            )
        return lines.getvalue()


def copied(sheets: Sheets) -> float:
    """Rows of a sheet a second, where COPY writes what they come to, triggers and keys off."""
    lines = sheets.ledger()
    started = time.perf_counter()
    into = f"COPY scans_scan ({', '.join(LEDGER)}) FROM STDIN"
    with _without_triggers(), connection.cursor() as cursor, cursor.copy(into) as copy:
        copy.write(lines)
    return sheets.rows / (time.perf_counter() - started)


def _line(bag: int, parent: Any, step: str, actor: int, area: int, now: str, *was: Any) -> str:
    cells = (uuid4(), bag, parent, step, "applied", "f", "f", actor, area, "Gate 1", now, now, "")
    return "\t".join(map(str, (*cells, *was))) + "\n"


@contextmanager
def _without_triggers() -> Iterator[None]:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        yield
