"""Measurement rounds: ours, against, against, ours, between two runs of a control.

The control is unrelated work. It shows rounds that were disturbed by other load.
"""

import hashlib
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

from django.db import connection

from bench.cases import Case, Pair, Result
from bench.sites import Sites

# A round is dropped if its control differs from the median by more than this share.
MAX_CONTROL_DEVIATION = 0.3
MAX_EXTRA_ROUNDS = 3


@dataclass(frozen=True, slots=True)
class Round:
    ours: float
    against: float
    control: float


def measure_case(case: Case, sites: Sites) -> Result:
    """Run the rounds of a case, drop the disturbed ones, and return the medians."""
    with case.setting(sites) as pair:
        needed = min(case.rounds, sites.max_rounds)
        rounds = [_round(pair) for _ in range(needed)]
        good = undisturbed(rounds)
        for _ in range(MAX_EXTRA_ROUNDS if needed > 1 else 0):
            if len(good) >= needed:
                break
            rounds.append(_round(pair))
            good = undisturbed(rounds)
        ratios = [case.ratio(one.ours, one.against) for one in good]
        return Result(
            case=case,
            ours=statistics.median(one.ours for one in good),
            against=statistics.median(one.against for one in good),
            ratio=statistics.median(ratios),
            spread=(min(ratios), max(ratios)),
            rounds=len(good),
            dropped=len(rounds) - len(good),
            complaint=pair.also(),
            notes=pair.notes,
        )


def undisturbed(rounds: list[Round]) -> list[Round]:
    """Return the rounds whose control is near the median; there is at least one."""
    usual = statistics.median_low(one.control for one in rounds)
    return [one for one in rounds if abs(one.control / usual - 1) <= MAX_CONTROL_DEVIATION]


def timed(work: Callable[[], object], *, seconds: float, min_calls: int = 3) -> float:
    """Return the median milliseconds of a call of `work` over `seconds`, at least `min_calls`."""
    taken: list[float] = []
    end = time.perf_counter() + seconds
    while len(taken) < min_calls or time.perf_counter() < end:
        started = time.perf_counter()
        work()
        taken.append((time.perf_counter() - started) * 1000)
    return statistics.median(taken)


def _round(pair: Pair) -> Round:
    before = control()
    ours, against = pair.ours(), pair.against()
    against, ours = (against + pair.against()) / 2, (ours + pair.ours()) / 2
    return Round(ours, against, (before + control()) / 2)


def control() -> float:
    """Return the milliseconds of unrelated work: hashing, and counting in SQL."""

    def work() -> None:
        hashlib.sha256(bytes(4_000_000)).digest()
        with connection.cursor() as cursor:
            cursor.execute("SELECT sum(i) FROM generate_series(1, 50000) AS i")

    return timed(work, seconds=0.1, min_calls=5)
