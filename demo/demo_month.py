"""Generate the demo data: 30 days of packing, dispatching and receiving that end just now."""

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
PARENTS_PER_DAY, PARENTS_ON_SUNDAY, PARENTS_TODAY = 5, 2, 9
# The areas of each operator: no operator has all areas, and each area has an operator.
OPERATORS = {
    "asha": ("lucknow", "jaipur", "ranchi", "raipur"),
    "bilal": ("lucknow", "indore", "akola"),
    "chitra": ("indore", "raipur", "akola"),
    "dev": ("hisar", "sri-ganganagar", "sangaria", "bathinda"),
    "esha": ("jaipur", "hisar", "bathinda"),
}
# Larger areas occur more often.
AREAS = (
    "lucknow", "lucknow", "lucknow", "indore", "indore", "indore", "jaipur", "jaipur", "hisar",
    "hisar", "sri-ganganagar", "sangaria", "bathinda", "raipur", "ranchi", "akola",
)  # fmt: skip
# The hours in which work on a parent starts, by frequency; there is a break from 13 to 14.
START_HOURS = (8, 8, 9, 9, 9, 10, 10, 10, 11, 11, 12, 14, 14, 15, 15, 15, 16, 16, 17)
STATIONS = ("gate-1", "gate-2", "line-a", "line-b")
NOTES = ("seal torn", "नमी ठीक", "weighed again: ok", "label hard to read", "ok")


@dataclass(frozen=True, slots=True)
class DemoBatch:
    """A batch that is packed from day `first` to day `last`, both counted in days before today."""

    code: str
    bag_type: str
    variety: str
    first: int
    last: int
    held: str = ""
    closed: bool = False


BATCHES = (
    DemoBatch("RH749-07", "mustard", "RH-749", 30, 22, closed=True),
    DemoBatch("SML668-03", "moong", "SML 668", 30, 19),
    DemoBatch("RH761-02", "mustard", "RH-761", 24, 15),
    DemoBatch("GIRI-11", "mustard", "Giriraj", 18, 9, held="aflatoxin above the limit in sample 3"),
    DemoBatch("IPM02-05", "moong", "IPM 02-3", 18, 5),
    DemoBatch("RH749-08", "mustard", "RH-749", 14, 3),
    DemoBatch("SML668-04", "moong", "SML 668", 6, 0),
    DemoBatch("RH761-03", "mustard", "RH-761", 8, 0),
)
PARENT_PREFIXES = {"mustard": "SB", "moong": "M444-"}
CHILD_PREFIXES = {"mustard": "CB", "moong": "MG"}
CHILD_NUMBER_OFFSET = 310_000_000
CAPACITY = {"mustard": 30, "moong": 15}


@dataclass(slots=True)
class WorkDay:
    """The data of one day: bags to register before work, then (scan request, user name) pairs."""

    begins: datetime
    ends: datetime
    bags: list[BagRow] = field(default_factory=list)
    scans: list[tuple[ScanRequest, str]] = field(default_factory=list)


def generate_month(now: datetime) -> Iterator[WorkDay]:
    """Yield the work days up to `now`, oldest first. The last scan is minutes before `now`."""
    generator = _Generator(now)
    for ago in range(DAYS, -1, -1):
        generator.add_day(ago)
    scans = sorted(generator.scans, key=lambda scan: scan[0].scanned_at)
    by_day = groupby(scans, key=lambda scan: business_day(scan[0].scanned_at))
    for day, group in by_day:
        day_scans = list(group)
        begins = day_scans[0][0].scanned_at - timedelta(minutes=20)
        ends = min(now, day_scans[-1][0].scanned_at + timedelta(minutes=1))
        yield WorkDay(begins, ends, generator.bags.pop(day, []), day_scans)


# The codes of the demo start here.
FIRST_CODE_NUMBER = 40_000


class _Generator:
    """Collects the bags by day, and the scans. Equal `now` give equal data."""

    def __init__(self, now: datetime) -> None:
        self._now = now
        self._random = Random(SEED)
        self._number = FIRST_CODE_NUMBER
        self.bags: dict[date, list[BagRow]] = {}
        # Each scan with the user name of its operator.
        self.scans: list[tuple[ScanRequest, str]] = []

    def add_day(self, ago: int) -> None:
        """Add the parents packed on one day, `ago` days before today, and their later scans."""
        day = business_day(self._now) - timedelta(days=ago)
        parents = PARENTS_ON_SUNDAY if day.weekday() == 6 else PARENTS_PER_DAY
        if ago:
            for _ in range(parents):
                hour = self._random.choice(START_HOURS)
                self._add_parent(ago, self._time(ago, hour, self._random.randint(0, 50)))
            return
        # Today at any time of day, work has gone on until a few minutes ago.
        for back in range(PARENTS_TODAY - 1, -1, -1):
            minutes = back * 50 + 6 + (self._random.randint(0, 30) if back else 0)
            self._add_parent(ago, self._now - timedelta(minutes=minutes))

    def _add_parent(self, ago: int, start: datetime) -> None:
        batches = [batch for batch in BATCHES if batch.last <= ago <= batch.first]
        batch = self._random.choice(batches)
        area = self._random.choice(AREAS)
        capacity = CAPACITY[batch.bag_type]
        size = capacity if self._chance(80) else self._random.randint(capacity // 3, capacity - 1)
        parent = self._next_code(PARENT_PREFIXES[batch.bag_type], 0)
        children = [self._next_child_code(batch) for _ in range(size)]
        loose = [self._next_child_code(batch)] * self._chance(40)
        rows = [self._bag_row(batch, area, parent, Kind.PARENT)]
        rows += [self._bag_row(batch, area, code, Kind.CHILD) for code in (*children, *loose)]
        self.bags.setdefault(business_day(start), []).extend(rows)
        end = self._link_children(parent, children, area, start)
        if end < self._now:
            self._handle_parent(parent, area, end, is_full=size == capacity)

    def _link_children(
        self, parent: str, children: list[str], area: str, start: datetime
    ) -> datetime:
        actor, at = self._choose_operator(area), start
        for child in children:
            at += timedelta(seconds=self._random.randint(5, 13))
            self._add_scan(Step.LINK, child, at, area, actor, parent_code=parent)
            if self._chance(2):
                # The operator missed the sound and scans again.
                again = at + timedelta(seconds=3)
                self._add_scan(Step.LINK, child, again, area, actor, parent_code=parent)
        return at + timedelta(seconds=20)

    def _handle_parent(self, parent: str, area: str, at: datetime, *, is_full: bool) -> None:
        """Add the scans after packing: inspect and complete, then dispatch. Some parents wait."""
        if self._chance(15):
            note = self._random.choice(NOTES)
            self._add_scan(Step.INSPECT, parent, at, area, self._choose_operator(area), note=note)
        if not is_full and self._chance(40):
            return
        if not is_full:
            at += timedelta(minutes=2)
            self._add_scan(Step.COMPLETE, parent, at, area, self._choose_operator(area))
        if not self._chance(15):
            self._dispatch_parent(parent, area, at)

    def _dispatch_parent(self, parent: str, area: str, at: datetime) -> None:
        """Add the dispatch and, for most parents, the receipt; for a few a return."""
        destination = self._random.choice([other for other in AREAS if other != area])
        at += timedelta(minutes=self._random.randint(25, 110))
        self._add_scan(Step.DISPATCH, parent, at, destination, self._choose_operator(area))
        ago = (business_day(self._now) - business_day(at)).days - self._random.randint(1, 2)
        arrival = self._time(ago, self._random.choice(START_HOURS), self._random.randint(0, 50))
        if self._chance(92):
            actor = self._choose_operator(destination)
            self._add_scan(Step.RECEIVE, parent, arrival, destination, actor)
        if self._chance(4):
            arrival += timedelta(hours=2)
            actor, note = self._choose_operator(area), "customer sent it back"
            self._add_scan(Step.RETURN, parent, arrival, area, actor, note=note)

    def _add_scan(
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
        """Add a scan, unless it would lie in the future."""
        if at >= self._now:
            return
        request = ScanRequest(
            ref=UUID(int=self._random.getrandbits(128), version=4),
            step=step,
            code=code,
            parent_code=parent_code,
            area=area,
            station=self._random.choice(STATIONS),
            scanned_at=at,
            note=note,
        )
        self.scans.append((request, actor))

    def _bag_row(self, batch: DemoBatch, area: str, code: str, kind: Kind) -> BagRow:
        return BagRow(
            code=code,
            kind=kind,
            bag_type=batch.bag_type,
            batch_code=batch.code,
            area=area,
            parent_code=None,
        )

    def _choose_operator(self, area: str) -> str:
        return self._random.choice([name for name, areas in OPERATORS.items() if area in areas])

    def _next_child_code(self, batch: DemoBatch) -> str:
        return self._next_code(CHILD_PREFIXES[batch.bag_type], CHILD_NUMBER_OFFSET)

    def _next_code(self, prefix: str, offset: int) -> str:
        self._number += 1
        return f"{prefix}{offset + self._number}"

    def _time(self, ago: int, hour: int, minute: int) -> datetime:
        """Return a time of the business day `ago` days before today, with random seconds."""
        day = business_day(self._now) - timedelta(days=ago)
        return datetime.combine(
            day, time(hour, minute), ZoneInfo(settings.BUSINESS_TIME_ZONE)
        ) + timedelta(seconds=self._random.randint(0, 59))

    def _chance(self, percent: int) -> bool:
        """Return True in this many of 100 cases."""
        return self._random.random() * 100 < percent
