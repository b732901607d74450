"""How results look: a table on the screen while it goes, JSON for whoever compares."""

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


def begin(sites: Sites) -> None:
    """What is measured, on what."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        (postgres,) = cursor.fetchone()
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    _say(
        f"{sites.full:,} bags, {int(sites.full * SCANS_PER_BAG):,} scans; "
        f"{os.cpu_count()} cores, load {load}; "
        f"Python {platform.python_version()}, Django {django.__version__}, PostgreSQL {postgres}"
    )
    _say(HEAD)


def row(result: Result, *, bars: bool) -> None:
    """One line for a case, and under it what else is to be known."""
    case = result.case
    low, high = result.spread
    verdict = ("yes" if result.holds else "NO") if bars and case.bar is not None else "-"
    dropped = f", {result.dropped} rounds dropped" if result.dropped else ""
    _say(
        f"{case.name:22}{_figure(result.ours):>12}{_figure(result.against):>12} {case.unit:10}"
        f"{_figure(result.ratio):>9}  {_figure(low) + ' - ' + _figure(high):17}{_bar(result):>9}  "
        f"{verdict}{dropped}"
    )
    for note in [*result.notes, *filter(None, [result.complaint])]:
        _say(f"    {note}")


def broken(case: Case, trace: str) -> None:
    """A case that could not be measured."""
    _say(f"{case.name:22}could not be measured:\n{trace}")


def end(results: list[Result], broken: list[Case], sites: Sites, path: str | None) -> None:
    """The summary, and the JSON where a path asks for it."""
    if path:
        told = [as_json(one) for one in results] + [unmeasured(case) for case in broken]
        Path(path).write_text(json.dumps(told, indent=1) + "\n")
    short = [result.case.name for result in results if not result.holds]
    if broken:
        _say(f"Not measured: {', '.join(case.name for case in broken)}.")
    if sites.bars:
        _say(f"Below the bar: {', '.join(short)}." if short else "Every bar holds.")


def as_json(result: Result) -> dict[str, Any]:
    """The keys that the results of all runs share."""
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
    """The same keys for a case that could not be measured, and holds nothing."""
    nothing = dict.fromkeys(("ours", "against", "ratio"))
    return {"case": case.name, "unit": case.unit, "bar": case.bar, "holds": False} | nothing


def _bar(result: Result) -> str:
    bar = result.case.bar
    if bar is None:
        return "-"
    return f"{'<=' if result.case.at_most else '>='} {bar:g}"


def _figure(number: float) -> str:
    return f"{number:,.0f}" if number >= 100 else f"{number:.3g}"


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
