"""Generates a factory day as operators record it, with the expected result.

    python -m tests.data.generate FOLDER [--seed 12] [--sacks 105] [--day 2026-10-05]

writes batches.csv, bags.csv, scans.csv, verdicts.txt and expected.json. The same seed makes the
same day. The expected result comes from tests/oracle.py; nothing of the product is imported.
"""

import argparse
import csv
import json
from datetime import date, datetime, time, timedelta
from pathlib import Path
from random import Random

from tests.data.day import ACTORS, AREAS, INDIA, LOTS, SCAN_COLUMNS, TYPES, Day
from tests.oracle import Batch, Oracle, count_by_value

BATCH_COLUMNS = (
    "code", "product", "variety", "bag_type", "produced_on", "expires_on", "planned_bags", "held",
)  # fmt: skip
BAG_COLUMNS = ("batch_code", "bag_type", "area", "kind", "code", "parent_code")


def make_day(seed, sacks, on):
    """Return a day whose sheets change no bag if they are imported a second time.

    Rows that would are left out.
    """
    day = Day(Random(seed), datetime.combine(on, time(8), INDIA))
    for number in range(sacks):
        day.pack()
        if number == sacks // 2:
            day.add_faults()
    while True:
        oracle, *_ = verdicts(day, on)
        _, _, again = verdicts(day, on, oracle)
        unchanged = [row for row, name in zip(day.scans, again, strict=True) if name != "applied"]
        if len(unchanged) == len(day.scans):
            return day
        day.scans = unchanged


def verdicts(day, on, oracle=None):
    """Return the oracle after the day, and its verdicts on both sheets."""
    now = _evening(day, on)
    if oracle is None:
        oracle = Oracle(TYPES, frozenset(AREAS), frozenset(ACTORS))
        oracle.batches = {code: Batch(bag_type, held=bool(held)) for code, bag_type, held in LOTS}
    bags = [
        _verdict(row, BAG_COLUMNS, lambda cells: oracle.bag(cells, now=now)) for row in day.bags
    ]
    scans = [
        _verdict(row, SCAN_COLUMNS, lambda cells: oracle.scan(cells, now=now)) for row in day.scans
    ]
    return oracle, bags, scans


def _evening(day, on):
    """Return the time of the import: 19:00, or later if the last sack is packed later."""
    return max(datetime.combine(on, time(19), INDIA), day.clock)


def _verdict(row, columns, ask):
    return ask(dict(zip(columns, row, strict=True))) if len(row) == len(columns) else "bad-row"


def expected(day, on):
    """Return the expected result of the day and of a second import, and the verdicts on scans."""
    oracle, bags, scans = verdicts(day, on)
    after = oracle.census()
    _, bags_again, scans_again = verdicts(day, on, oracle)
    summary = {
        "now": _evening(day, on).isoformat(),
        "bags.csv": {"rows": len(bags)} | count_by_value(bags),
        "scans.csv": {"rows": len(scans)} | count_by_value(scans),
        "after": after,
        "again": {
            "bags.csv": {"rows": len(bags)} | count_by_value(bags_again),
            "scans.csv": {"rows": len(scans)} | count_by_value(scans_again),
        },
    }
    return summary, scans


def batch_rows(on):
    """Return the rows of the batch sheet."""
    return [
        [
            code,
            bag_type.title(),
            "RH-749" if bag_type == "mustard" else "SML 668",
            bag_type,
            str(on - timedelta(days=3)),
            str(on + timedelta(days=400)),
            "700",
            held,
        ]
        for code, bag_type, held in LOTS
    ]


def write_day(folder, seed, sacks, on):
    """Write the five files of a day."""
    day = make_day(seed, sacks, on)
    summary, scans = expected(day, on)
    folder.mkdir(parents=True, exist_ok=True)
    for name, columns, rows in (
        ("batches", BATCH_COLUMNS, batch_rows(on)),
        ("bags", BAG_COLUMNS, day.bags),
        ("scans", SCAN_COLUMNS, day.scans),
    ):
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([columns, *rows])
    (folder / "verdicts.txt").write_text("".join(f"{name}\n" for name in scans), encoding="ascii")
    (folder / "expected.json").write_text(f"{json.dumps(summary, indent=1)}\n", encoding="ascii")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Make a factory day.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", type=int, default=12)
    parser.add_argument("--sacks", type=int, default=105)
    parser.add_argument("--day", type=date.fromisoformat, default=date(2026, 10, 5))
    options = parser.parse_args()
    write_day(options.folder, options.seed, options.sacks, options.day)
