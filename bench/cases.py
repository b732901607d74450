"""What a case is: two ways to the same answer, measured against each other, and a bar."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field

from bench.sites import Sites

# Of these there should be little; of everything else (requests/s, rows/s), much.
COSTS = frozenset({"ms", "MiB", "builds"})


@dataclass(slots=True)
class Pair:
    """Both ways: each call measures once and gives a figure in the case's unit.

    `also` is asked at the end for what else was promised and does not hold.
    """

    ours: Callable[[], float]
    against: Callable[[], float]
    also: Callable[[], str | None] = lambda: None
    notes: list[str] = field(default_factory=list)


Setting = Callable[[Sites], AbstractContextManager[Pair]]


@dataclass(frozen=True, slots=True)
class Case:
    """One line of the table. The bar is for the ratio: at least, or with `at_most` at most."""

    name: str
    proves: str
    unit: str
    bar: float | None
    at_most: bool
    rounds: int
    setting: Setting

    def ratio(self, ours: float, against: float) -> float:
        """How many times better than `against`; with `at_most`, how many times as much."""
        if self.unit in COSTS and not self.at_most:
            return against / ours
        return ours / against

    def holds(self, ratio: float) -> bool:
        """Whether the ratio clears the bar; what has none always does."""
        if self.bar is None:
            return True
        return ratio <= self.bar if self.at_most else ratio >= self.bar


CASES: dict[str, Case] = {}


def case(
    *, unit: str, bar: float | None, at_most: bool = False, rounds: int = 5
) -> Callable[[Callable[[Sites], Iterator[Pair]]], Setting]:
    """Make a generator of one Pair the case of its name; its docstring says what it proves."""

    def kept(setting: Callable[[Sites], Iterator[Pair]]) -> Setting:
        name = setting.__name__
        ready = contextmanager(setting)
        CASES[name] = Case(name, (setting.__doc__ or "").strip(), unit, bar, at_most, rounds, ready)
        return ready

    return kept


@dataclass(frozen=True, slots=True)
class Result:
    """What came out of a case: medians of both ways and of the ratio over the rounds that count."""

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
