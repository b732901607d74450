"""A believable month for whoever looks at TraceTrack for the first time."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from itertools import groupby
from random import Random
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings

from bags.models import Kind
from bags.sheets import BagRow
from dashboard.business_days import business_day
from scans.models import Step
from scans.scan_request import ScanRequest

SEED = 2026
DAYS = 30
SACKS_A_DAY, SACKS_ON_SUNDAY, SACKS_TODAY = 5, 2, 9
# Who works where: nobody everywhere, somebody in every area.
OPERATORS = {
    "asha": ("lucknow", "jaipur", "ranchi", "raipur"),
    "bilal": ("lucknow", "indore", "akola"),
    "chitra": ("indore", "raipur", "akola"),
    "dev": ("hisar", "sri-ganganagar", "sangaria", "bathinda"),
    "esha": ("jaipur", "hisar", "bathinda"),
}
# The larger areas come up more often.
AREAS = (
    "lucknow", "lucknow", "lucknow", "indore", "indore", "indore", "jaipur", "jaipur", "hisar",
    "hisar", "sri-ganganagar", "sangaria", "bathinda", "raipur", "ranchi", "akola",
)  # fmt: skip
# One scan_request an hour of work, from eight; the factory eats at one.
STARTS = (8, 8, 9, 9, 9, 10, 10, 10, 11, 11, 12, 14, 14, 15, 15, 15, 16, 16, 17)
STATIONS = ("gate-1", "gate-2", "line-a", "line-b")
NOTES = ("seal torn", "नमी ठीक", "weighed again: ok", "label hard to read", "ok")


@dataclass(frozen=True, slots=True)
class Lot:
    """A batch of the demo: packed from the day `first` to the day `last`, counted back from now."""

    code: str
    bag_type: str
    variety: str
    first: int
    last: int
    held: str = ""
    closed: bool = False


LOTS = (
    Lot("RH749-07", "mustard", "RH-749", 30, 22, closed=True),
    Lot("SML668-03", "moong", "SML 668", 30, 19),
    Lot("RH761-02", "mustard", "RH-761", 24, 15),
    Lot("GIRI-11", "mustard", "Giriraj", 18, 9, held="aflatoxin above the limit in sample 3"),
    Lot("IPM02-05", "moong", "IPM 02-3", 18, 5),
    Lot("RH749-08", "mustard", "RH-749", 14, 3),
    Lot("SML668-04", "moong", "SML 668", 6, 0),
    Lot("RH761-03", "mustard", "RH-761", 8, 0),
)
PARENTS, CHILDREN = {"mustard": "SB", "moong": "M444-"}, {"mustard": "CB", "moong": "MG"}
CAPACITY = {"mustard": 30, "moong": 15}


@dataclass(slots=True)
class Shift:
    """What one day brought: bags from a sheet in the morning, then scans, each with its actor."""

    begins: datetime
    ends: datetime
    bags: list[BagRow] = field(default_factory=list)
    scans: list[tuple[ScanRequest, str]] = field(default_factory=list)


def month(now: datetime) -> Iterator[Shift]:
    """The days up to `now`, the oldest first; the last scan is a few minutes old."""
    story = _Story(now)
    for ago in range(DAYS, -1, -1):
        story.pack(ago)
    scans = sorted(story.scans, key=lambda scan: scan[0].scanned_at)
    by_day = groupby(scans, key=lambda scan: business_day(scan[0].scanned_at))
    for day, group in by_day:
        found = list(group)
        begins = found[0][0].scanned_at - timedelta(minutes=20)
        ends = min(now, found[-1][0].scanned_at + timedelta(minutes=1))
        yield Shift(begins, ends, story.bags.pop(day, []), found)


class _Story:
    def __init__(self, now: datetime) -> None:
        self._now = now
        self._random = Random(SEED)
        self._number = 40_000
        self.bags: dict[date, list[BagRow]] = {}
        self.scans: list[tuple[ScanRequest, str]] = []

    def pack(self, ago: int) -> None:
        """The sacks of one day and what becomes of them."""
        day = business_day(self._now) - timedelta(days=ago)
        sacks = SACKS_ON_SUNDAY if day.weekday() == 6 else SACKS_A_DAY
        if ago:
            for _ in range(sacks):
                hour = self._random.choice(STARTS)
                self._sack(ago, self._at(ago, hour, self._random.randint(0, 50)))
            return
        # Whenever somebody looks, work has been going on until just now.
        for back in range(SACKS_TODAY - 1, -1, -1):
            minutes = back * 50 + 6 + (self._random.randint(0, 30) if back else 0)
            self._sack(ago, self._now - timedelta(minutes=minutes))

    def _sack(self, ago: int, start: datetime) -> None:
        lot = self._random.choice([lot for lot in LOTS if lot.last <= ago <= lot.first])
        area = self._random.choice(AREAS)
        capacity = CAPACITY[lot.bag_type]
        size = capacity if self._chance(80) else self._random.randint(capacity // 3, capacity - 1)
        parent = self._code(PARENTS[lot.bag_type], 0)
        children = [self._code(CHILDREN[lot.bag_type], 310_000_000) for _ in range(size)]
        spare = [self._code(CHILDREN[lot.bag_type], 310_000_000)] * self._chance(40)
        lines = [self._line(lot, area, parent, Kind.PARENT)]
        lines += [self._line(lot, area, child, Kind.CHILD) for child in (*children, *spare)]
        self.bags.setdefault(business_day(start), []).extend(lines)
        end = self._fill(parent, children, area, start)
        if end < self._now:
            self._follow(parent, area, end, full=size == capacity)

    def _fill(self, parent: str, children: list[str], area: str, start: datetime) -> datetime:
        actor, at = self._somebody(area), start
        for child in children:
            at += timedelta(seconds=self._random.randint(5, 13))
            self._scan(Step.LINK, child, at, area, actor, parent_code=parent)
            if self._chance(2):
                # He did not hear the beep.
                again = at + timedelta(seconds=3)
                self._scan(Step.LINK, child, again, area, actor, parent_code=parent)
        return at + timedelta(seconds=20)

    def _follow(self, parent: str, area: str, at: datetime, *, full: bool) -> None:
        """Inspected, completed, dispatched, received: as far as the time until now goes."""
        if self._chance(15):
            note = self._random.choice(NOTES)
            self._scan(Step.INSPECT, parent, at, area, self._somebody(area), note=note)
        if not full and self._chance(40):
            return
        if not full:
            at += timedelta(minutes=2)
            self._scan(Step.COMPLETE, parent, at, area, self._somebody(area))
        if self._chance(15):
            return
        towards = self._random.choice([other for other in AREAS if other != area])
        at += timedelta(minutes=self._random.randint(25, 110))
        self._scan(Step.DISPATCH, parent, at, towards, self._somebody(area))
        ago = (business_day(self._now) - business_day(at)).days - self._random.randint(1, 2)
        arrival = self._at(ago, self._random.choice(STARTS), self._random.randint(0, 50))
        if self._chance(92):
            self._scan(Step.RECEIVE, parent, arrival, towards, self._somebody(towards))
        if self._chance(4):
            arrival += timedelta(hours=2)
            note = "customer sent it back"
            self._scan(Step.RETURN, parent, arrival, area, self._somebody(area), note=note)

    def _scan(
        self,
        step: Step,
        code: str,
        at: datetime,
        area: str,
        actor: str,
        *,
        parent_code: str | None = None,
        note: str = "",
    ) -> None:
        if at >= self._now:
            return
        scan_request = ScanRequest(
            ref=UUID(int=self._random.getrandbits(128), version=4),
            step=step,
            code=code,
            parent_code=parent_code,
            area=area,
            station=self._random.choice(STATIONS),
            scanned_at=at,
            note=note,
        )
        self.scans.append((scan_request, actor))

    def _line(self, lot: Lot, area: str, code: str, kind: Kind) -> BagRow:
        return BagRow(
            code=code,
            kind=kind,
            bag_type=lot.bag_type,
            batch_code=lot.code,
            area=area,
            parent_code=None,
        )

    def _somebody(self, area: str) -> str:
        """One of those who work there."""
        return self._random.choice([name for name, areas in OPERATORS.items() if area in areas])

    def _code(self, prefix: str, start: int) -> str:
        self._number += 1
        return f"{prefix}{start + self._number}"

    def _at(self, ago: int, hour: int, minute: int) -> datetime:
        day = business_day(self._now) - timedelta(days=ago)
        return datetime.combine(
            day, time(hour, minute), ZoneInfo(settings.BUSINESS_TIME_ZONE)
        ) + timedelta(seconds=self._random.randint(0, 59))

    def _chance(self, percent: int) -> bool:
        return self._random.random() * 100 < percent
