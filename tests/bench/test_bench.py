"""The bench runs from end to end on tiny sites: its shape, not its figures."""

import json
import os
import subprocess
import sys

import pytest

from tests.environment import ROOT

# Of each kind one: in this process, in a copy of a site.
QUICK = "page_depth,search_suffix,counters_cost"
SMALL = {"SIZE": "small", "BENCH_DATA": str(ROOT / ".local" / "bench-test")}


def bench(**variables):
    environment = {
        k: v for k, v in os.environ.items() if k not in {"CASES", "JSON", "DATABASE_URL"}
    }
    return subprocess.run(
        [sys.executable, "-m", "bench.run"],
        cwd=ROOT,
        env=environment | SMALL | variables,
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip


class TestBench:
    @pytest.mark.timeout(300)
    def test_measures_and_writes_results(self, tmp_path):
        path = tmp_path / "results.json"

        run = bench(CASES=QUICK, JSON=str(path))

        assert run.returncode == 0, run.stderr
        results = json.loads(path.read_text())
        assert [one["case"] for one in results] == QUICK.split(",")
        keys = {"case", "ours", "against", "unit", "ratio", "bar", "holds"}
        assert all(set(one) == keys and one["ours"] > 0 and one["against"] > 0 for one in results)
        assert all(one["case"] in run.stdout for one in results)

    @pytest.mark.timeout(300)
    def test_lists_the_cases_for_an_unknown_name(self):
        run = bench(CASES="speed_of_light")

        assert run.returncode == 1
        assert "Unknown case: speed_of_light." in run.stderr
        assert "dashboard_uncached" in run.stderr
