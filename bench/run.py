"""python -m bench.run: run all cases and print a table. Exits with 1 if a bar is missed."""

import importlib
import os
import sys
import traceback

from bench import site, table
from bench.cases import CASES, Case, Result
from bench.sites import Sites

# The cases with the highest load run last.
MODULES = ("reads", "search", "writes", "imports", "exports", "serving", "live", "concurrency")


def main() -> int:
    """Prepare the sites, run the selected cases, and print the results."""
    sites = Sites.from_environment()
    with site.server():
        for bags in sites.sizes:
            site.prepare(bags)
        sites.begin()
        measure_case = importlib.import_module("bench.rounds").measure_case
        for module in MODULES:
            importlib.import_module(f"bench.{module}")
        table.print_header(sites)
        results: list[Result] = []
        broken: list[Case] = []
        for case in selected_cases(os.environ.get("CASES", "")):
            try:
                results.append(measure_case(case, sites))
            except Exception:
                # The other cases still run.
                table.print_failure(case, traceback.format_exc())
                broken.append(case)
            else:
                table.print_row(results[-1], bars=sites.bars)
    table.print_summary(results, broken, sites, os.environ.get("JSON"))
    return int(bool(broken) or (sites.bars and not all(result.holds for result in results)))


def selected_cases(names: str) -> list[Case]:
    """Return the cases named in a comma-separated list, or all cases if it is empty."""
    selected = [name.strip() for name in names.split(",") if name.strip()]
    unknown = [name for name in selected if name not in CASES]
    if unknown:
        sys.exit(f"Unknown case: {', '.join(unknown)}. Known cases: {', '.join(CASES)}.")
    return [CASES[name] for name in selected or CASES]


if __name__ == "__main__":
    sys.exit(main())
