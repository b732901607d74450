"""Report tables from the counters: scans by day and by area, a column for each step."""

import csv
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from io import StringIO
from typing import Any

from dashboard.labels import STEPS
from scans.models import EARLIEST
from tracetrack.imports.csv import formula_escaped

LONGEST = timedelta(days=366)
USUAL = timedelta(days=30)
Row = dict[str, Any]


@dataclass(slots=True)
class Line:
    """One line of a report: what it is of, its number for each step, their sum."""

    name: str
    cells: list[int]
    total: int = 0


@dataclass(slots=True)
class Table:
    """Lines under the steps that occur in them."""

    steps: list[str] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    sums: list[int] = field(default_factory=list)
    total: int = 0


def span(first: str, last: str, *, today: date) -> tuple[date, date]:
    """The days that are meant: the last 30 where nothing usable is said, never more than 366."""
    until = max(min(_day(last) or today, today), EARLIEST.date())
    since = _day(first) or until - USUAL + timedelta(days=1)
    return max(min(since, until), until - LONGEST + timedelta(days=1)), until


def table(rows: Iterable[Row], by: str) -> Table:
    """The rows of a report, summed `by` day or area: the latest day, the first area on top."""
    sums: dict[str, dict[str, int]] = {}
    for row in rows:
        line = sums.setdefault(str(row[by]), {})
        line[row["step"]] = line.get(row["step"], 0) + row["scans"]
    ordered = sorted(sums.items(), reverse=by == "day")
    occurring = {step for line in sums.values() for step in line}
    steps = [step for step in STEPS if step in occurring]
    lines = [_line(name, [line.get(step, 0) for step in steps]) for name, line in ordered]
    columns = [sum(line.cells[n] for line in lines) for n in range(len(steps))]
    return Table(steps, lines, columns, sum(columns))


def as_csv(rows: Iterable[Row]) -> str:
    """The rows of a report as a sheet."""
    file = StringIO()
    sheet = csv.writer(file, lineterminator="\n")
    sheet.writerow(["day", "area", "step", "scans"])
    sheet.writerows(
        [row["day"], formula_escaped(row["area"]), row["step"], row["scans"]] for row in rows
    )
    return file.getvalue()


def _line(name: str, cells: list[int]) -> Line:
    return Line(name, cells, sum(cells))


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
