"""python -m bench.run: every case, a table, and 1 as the exit code where a bar falls short."""

import importlib
import os
import sys
import traceback

from bench import site, table
from bench.cases import CASES, Case, Result
from bench.sites import Sites

# In this order: what changes the machine's temper most comes last.
MODULES = ("reads", "search", "writes", "imports", "exports", "serving", "live", "crowd")


def main() -> int:
    """Prepare the sites, run the chosen cases, tell."""
    sites = Sites.chosen()
    with site.server():
        for bags in sites.sizes:
            site.prepare(bags)
        sites.begin()
        measured = importlib.import_module("bench.rounds").measured
        for module in MODULES:
            importlib.import_module(f"bench.{module}")
        table.begin(sites)
        results: list[Result] = []
        broken: list[Case] = []
        for case in chosen(os.environ.get("CASES", "")):
            try:
                results.append(measured(case, sites))
            except Exception:
                # The others are worth having all the same.
                table.broken(case, traceback.format_exc())
                broken.append(case)
            else:
                table.row(results[-1], bars=sites.bars)
    table.end(results, broken, sites, os.environ.get("JSON"))
    return int(bool(broken) or (sites.bars and not all(result.holds for result in results)))


def chosen(names: str) -> list[Case]:
    """The cases that are named, between commas; all of them where none is."""
    wanted = [name.strip() for name in names.split(",") if name.strip()]
    unknown = [name for name in wanted if name not in CASES]
    if unknown:
        sys.exit(f"There is no case {', '.join(unknown)}. There are: {', '.join(CASES)}.")
    return [CASES[name] for name in wanted or CASES]


if __name__ == "__main__":
    sys.exit(main())
