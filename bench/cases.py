"""Benchmark cases: two ways to the same result, and the required ratio between them."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field

from bench.sites import Sites

# Units of costs: lower is better. For all other units (requests/s, rows/s) higher is better.
COSTS = frozenset({"ms", "MiB", "builds"})


@dataclass(slots=True)
class Pair:
    """The two measurements of a case. Each call measures once and returns a figure in its unit.

    `also` is called at the end and returns a broken promise that the ratio does not show, or None.
    """

    ours: Callable[[], float]
    against: Callable[[], float]
    also: Callable[[], str | None] = lambda: None
    notes: list[str] = field(default_factory=list)


Setting = Callable[[Sites], AbstractContextManager[Pair]]


@dataclass(frozen=True, slots=True)
class Case:
    """One row of the table. The ratio must be at least `bar`, or at most `bar` with `at_most`."""

    name: str
    proves: str
    unit: str
    bar: float | None
    at_most: bool
    rounds: int
    setting: Setting

    def ratio(self, ours: float, against: float) -> float:
        """Return how many times better `ours` is; with `at_most`, how many times as much."""
        if self.unit in COSTS and not self.at_most:
            return against / ours
        return ours / against

    def holds(self, ratio: float) -> bool:
        """Return whether the ratio satisfies the bar. A case without a bar always holds."""
        if self.bar is None:
            return True
        return ratio <= self.bar if self.at_most else ratio >= self.bar


CASES: dict[str, Case] = {}


def case(
    *, unit: str, bar: float | None, at_most: bool = False, rounds: int = 5
) -> Callable[[Callable[[Sites], Iterator[Pair]]], Setting]:
    """Register a generator of one Pair as a case. Its docstring says what the case proves."""

    def register(setting: Callable[[Sites], Iterator[Pair]]) -> Setting:
        name = setting.__name__
        ready = contextmanager(setting)
        CASES[name] = Case(name, (setting.__doc__ or "").strip(), unit, bar, at_most, rounds, ready)
        return ready

    return register


@dataclass(frozen=True, slots=True)
class Result:
    """Result of a case: medians of both measurements and of the ratio over the valid rounds."""

    case: Case
    ours: float
    against: float
    ratio: float
    spread: tuple[float, float]
    rounds: int
    dropped: int
    complaint: str | None
    notes: list[str]

    @property
    def holds(self) -> bool:
        return self.complaint is None and self.case.holds(self.ratio)
