"""Report tables of scan counts by day or area with a column for each step, and their CSV export."""

import csv
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from io import StringIO
from typing import Any

from dashboard.labels import STEP_LABELS
from scans.models import EARLIEST
from tracetrack.text_cleaning import escape_formula

MAX_PERIOD = timedelta(days=366)
DEFAULT_PERIOD = timedelta(days=30)
ScanCount = dict[str, Any]


@dataclass(slots=True)
class ReportLine:
    """A line of a report: the day or area code, the count for each step, their sum."""

    name: str
    cells: list[int]
    total: int = 0


@dataclass(slots=True)
class ReportTable:
    """A report: its steps (columns), its lines, the sum of each column, the grand total."""

    steps: list[str] = field(default_factory=list)
    lines: list[ReportLine] = field(default_factory=list)
    sums: list[int] = field(default_factory=list)
    total: int = 0


def parse_period(first: str, last: str, *, today: date) -> tuple[date, date]:
    """Return the first and the last day of a report from two ISO dates entered by the user.

    Missing or invalid dates default to the last 30 days. The period ends today at the latest and
    has at most 366 days.
    """
    until = max(min(_parse_day(last) or today, today), EARLIEST.date())
    since = _parse_day(first) or until - DEFAULT_PERIOD + timedelta(days=1)
    return max(min(since, until), until - MAX_PERIOD + timedelta(days=1)), until


def build_table(counts: Iterable[ScanCount], by: str) -> ReportTable:
    """Sum the scan counts by "day" (latest first) or "area" (in the order of codes)."""
    sums: dict[str, dict[str, int]] = {}
    for count in counts:
        by_step = sums.setdefault(str(count[by]), {})
        by_step[count["step"]] = by_step.get(count["step"], 0) + count["scans"]
    used = {step for by_step in sums.values() for step in by_step}
    steps = [step for step in STEP_LABELS if step in used]
    lines = [
        _build_line(name, [by_step.get(step, 0) for step in steps])
        for name, by_step in sorted(sums.items(), reverse=by == "day")
    ]
    columns = [sum(line.cells[number] for line in lines) for number in range(len(steps))]
    return ReportTable(steps, lines, columns, sum(columns))


def format_csv(counts: Iterable[ScanCount]) -> str:
    """Return the scan counts as CSV with the columns day, area, step and scans."""
    file = StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(["day", "area", "step", "scans"])
    writer.writerows(
        [row["day"], escape_formula(row["area"]), row["step"], row["scans"]] for row in counts
    )
    return file.getvalue()


def _build_line(name: str, cells: list[int]) -> ReportLine:
    return ReportLine(name, cells, sum(cells))


def _parse_day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
