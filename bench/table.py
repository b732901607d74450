"""Output of results: a table during the run, and JSON."""

import json
import os
import platform
import sys
from pathlib import Path
from typing import Any

import django
from django.db import connection

from bench.cases import Case, Result
from bench.site import SCANS_PER_BAG
from bench.sites import Sites

HEAD = "{:22}{:>12}{:>12} {:10}{:>9}  {:17}{:>9}  {}".format(
    "case", "ours", "against", "unit", "ratio", "spread", "bar", "holds"
)


def print_header(sites: Sites) -> None:
    """Print the sizes, the machine and the header."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        (postgres,) = cursor.fetchone()
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    _print(
        f"{sites.full:,} bags, {int(sites.full * SCANS_PER_BAG):,} scans; "
        f"{os.cpu_count()} cores, load {load}; "
        f"Python {platform.python_version()}, Django {django.__version__}, PostgreSQL {postgres}"
    )
    _print(HEAD)


def print_row(result: Result, *, bars: bool) -> None:
    """Print the row of a case and its notes."""
    case = result.case
    low, high = result.spread
    verdict = ("yes" if result.holds else "NO") if bars and case.bar is not None else "-"
    dropped = f", {result.dropped} rounds dropped" if result.dropped else ""
    _print(
        f"{case.name:22}{_figure(result.ours):>12}{_figure(result.against):>12} {case.unit:10}"
        f"{_figure(result.ratio):>9}  {_figure(low) + ' - ' + _figure(high):17}{_bar(result):>9}  "
        f"{verdict}{dropped}"
    )
    for note in [*result.notes, *filter(None, [result.complaint])]:
        _print(f"    {note}")


def print_failure(case: Case, trace: str) -> None:
    """Print a case that failed."""
    _print(f"{case.name:22}could not be measured:\n{trace}")


def print_summary(
    results: list[Result], broken: list[Case], sites: Sites, path: str | None
) -> None:
    """Print the summary, and write the JSON if there is a path."""
    if path:
        rows = [as_json(one) for one in results] + [unmeasured(case) for case in broken]
        Path(path).write_text(json.dumps(rows, indent=1) + "\n")
    short = [result.case.name for result in results if not result.holds]
    if broken:
        _print(f"Not measured: {', '.join(case.name for case in broken)}.")
    if sites.bars:
        _print(f"Below the bar: {', '.join(short)}." if short else "Every bar holds.")


def as_json(result: Result) -> dict[str, Any]:
    """Return a result as JSON."""
    return {
        "case": result.case.name,
        "ours": round(result.ours, 4),
        "against": round(result.against, 4),
        "unit": result.case.unit,
        "ratio": round(result.ratio, 4),
        "bar": result.case.bar,
        "holds": result.holds,
    }


def unmeasured(case: Case) -> dict[str, Any]:
    """Return the JSON of a case that failed."""
    nothing = dict.fromkeys(("ours", "against", "ratio"))
    return {"case": case.name, "unit": case.unit, "bar": case.bar, "holds": False} | nothing


def _bar(result: Result) -> str:
    bar = result.case.bar
    if bar is None:
        return "-"
    return f"{'<=' if result.case.at_most else '>='} {bar:g}"


def _figure(number: float) -> str:
    return f"{number:,.0f}" if number >= 100 else f"{number:.3g}"


def _print(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
