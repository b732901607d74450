"""Rounds: ours, against, against, ours, between two looks at a control that tells bad ones."""

import hashlib
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

from django.db import connection

from bench.cases import Case, Pair, Result
from bench.sites import Sites

# A round whose control is further than this from the others' was measured on another machine.
DISTURBED = 0.3
MORE_ROUNDS = 3


@dataclass(frozen=True, slots=True)
class Round:
    ours: float
    against: float
    control: float


def measured(case: Case, sites: Sites) -> Result:
    """Run a case's rounds, drop the disturbed ones, and sum up."""
    with case.setting(sites) as pair:
        wanted = min(case.rounds, sites.most_rounds)
        rounds = [_round(pair) for _ in range(wanted)]
        good = undisturbed(rounds)
        for _ in range(MORE_ROUNDS if wanted > 1 else 0):
            if len(good) >= wanted:
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
    """The rounds whose control is near the median of all; there is always one."""
    usual = statistics.median_low(one.control for one in rounds)
    return [one for one in rounds if abs(one.control / usual - 1) <= DISTURBED]


def timed(work: Callable[[], object], *, seconds: float, least: int = 3) -> float:
    """Milliseconds that one call of `work` takes: the median over `seconds`, or `least` calls."""
    taken: list[float] = []
    end = time.perf_counter() + seconds
    while len(taken) < least or time.perf_counter() < end:
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
    """Milliseconds for work that has nothing to do with us: some hashing, some counting in SQL."""

    def work() -> None:
        hashlib.sha256(bytes(4_000_000)).digest()
        with connection.cursor() as cursor:
            cursor.execute("SELECT sum(i) FROM generate_series(1, 50000) AS i")

    return timed(work, seconds=0.1, least=5)
