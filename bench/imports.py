"""Imports of scan sheets with all rules, compared with the cost of writing their rows."""

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
from scans.ledger import LEDGER_COLUMNS
from scans.sheets import SCAN_SHEET_COLUMNS

ROWS = 20_000
# The shares of the steps in a day's sheet. One parent leaves and arrives for thirty links.
SHARES = {
    "inspect": 0.70, "link": 0.25, "register": 0.03, "dispatch": 0.009, "receive": 0.006,
    "complete": 0.003, "unlink": 0.002,
}  # fmt: skip
# Numbers of labels that no seeded site uses.
FIRST_PARENT, FIRST_CHILD, FIRST_LOOSE = 90_000_000, 900_000_000, 800_000_000
DEFAULTS = {"outcome": "applied", "unexpected": "f", "forced": "f", "station": "Gate 1"}
EMPTY_TEXT_COLUMNS = ("note", "was_state", "was_parent_state")
NULL = "\\N"


@case(unit="rows/s", bar=0.22, rounds=7)
def import_scans(sites: Sites) -> Iterator[Pair]:
    """Import a sheet of scans with all rules, locks, refusals and counters.

    70 % inspect, 25 % link. Compared with COPY of the resulting ledger rows into the table with its
    indexes, without triggers.
    """
    rows = max(200, int(ROWS * sites.seconds))
    with (
        scratch(sites.full) as database,
        on(database),
        tempfile.TemporaryDirectory() as folder,
    ):
        sheets = SheetWriter(rows)

        def import_sheet() -> float:
            path = sheets.write(Path(folder) / "scans.csv")
            started = time.perf_counter()
            call_command("import_scans", str(path), stdout=io.StringIO())
            return rows / (time.perf_counter() - started)

        yield Pair(ours=import_sheet, against=lambda: copy_ledger_rows(sheets))


class SheetWriter:
    """Writes sheets of new scans about the bags of a site; no two have a ref or new label twice."""

    def __init__(self, rows: int) -> None:
        self.rows = rows
        self._random = random.Random(1)
        self._links, self._loose = count(), count()
        self._actor = User.objects.filter(role=Role.OPERATOR).order_by("id")[0].username
        # The newest bags are the ones that are scanned today.
        newest = Bag.objects.order_by("-id")[:rows]
        self._codes = list(newest.values_list("code", flat=True))
        self._ids = list(newest.values_list("id", flat=True))
        free = Bag.objects.exclude(batch__held=True).exclude(parent__batch__held=True)
        parents = free.filter(kind="parent").order_by("-id")
        bags_by_step = {
            "dispatch": parents.filter(state="complete"),
            "receive": parents.filter(state="dispatched"),
            "complete": parents.filter(state="open", child_count__gt=0),
            "unlink": free.filter(parent__state="open").order_by("-id"),
        }
        self._waiting = {
            step: iter(list(bags.values_list("code", flat=True)[:rows]))
            for step, bags in bags_by_step.items()
        }

    def write(self, path: Path) -> Path:
        """Write the next sheet to `path` and return it."""
        with path.open("w", newline="") as file:
            sheet = csv.DictWriter(file, [column.name for column in SCAN_SHEET_COLUMNS])
            sheet.writeheader()
            sheet.writerows(self._row() for _ in range(self.rows))
        return path

    def _row(self) -> dict[str, str]:
        row = {
            "ref": str(uuid4()),
            "area": "lucknow",
            "station": "Gate 1",
            "actor": self._actor,
            "scanned_at": datetime.now(UTC).isoformat(),
        }
        (step,) = self._random.choices(list(SHARES), list(SHARES.values()))
        code = None
        if step in self._waiting:
            code = next(self._waiting[step], None)
        elif step == "link":
            number = next(self._links)
            parent, child = FIRST_PARENT + number // 30, FIRST_CHILD + number
            return row | {"step": "link", "code": f"CB{child}", "parent_code": f"SB{parent}"}
        elif step == "register":
            code = f"CB{FIRST_LOOSE + next(self._loose)}"
        if code is None:
            step, code = "inspect", self._random.choice(self._codes)
        return row | {"step": step, "code": code}

    def ledger_lines(self) -> str:
        """Return ledger rows like those of such a sheet in COPY format, with register rows."""
        now = datetime.now(UTC).isoformat()
        common = {
            "actor_id": User.objects.order_by("id")[0].pk,
            "area_id": Area.objects.order_by("id")[0].pk,
            "scanned_at": now,
            "recorded_at": now,
        }
        linked = {
            "was_state": "loose",
            "was_area_id": common["area_id"],
            "was_parent_state": "open",
        }
        lines: list[str] = []
        for n in range(self.rows):
            bag = self._random.choice(self._ids)
            row = common | {"bag_id": bag}
            if n % 4:
                lines.append(_line(row, step="inspect"))
                continue
            lines.append(_line(row, step="register"))
            lines.append(_line(row | linked, step="link", parent_id=max(1, bag - 1)))
        return "".join(lines)


def copy_ledger_rows(sheets: SheetWriter) -> float:
    """Return the rows of a sheet per second if COPY writes its ledger rows, without triggers."""
    lines = sheets.ledger_lines()
    started = time.perf_counter()
    statement = f"COPY scans_scan ({', '.join(LEDGER_COLUMNS)}) FROM STDIN"
    with _without_triggers(), connection.cursor() as cursor, cursor.copy(statement) as copy:
        copy.write(lines)
    return sheets.rows / (time.perf_counter() - started)


def _line(row: dict[str, Any], **more: Any) -> str:
    cells = DEFAULTS | dict.fromkeys(EMPTY_TEXT_COLUMNS, "") | row | more | {"ref": uuid4()}
    return "\t".join(str(cells.get(column, NULL)) for column in LEDGER_COLUMNS) + "\n"


@contextmanager
def _without_triggers() -> Iterator[None]:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        yield
