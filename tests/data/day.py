"""Sheets of a realistic factory day, including faulty rows."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from random import Random
from uuid import UUID

AREAS = (
    "lucknow", "indore", "jaipur", "hisar", "sri-ganganagar",
    "sangaria", "bathinda", "raipur", "ranchi", "akola",
)  # fmt: skip
ACTORS = ("asha", "bilal", "chitra", "dev", "esha")
STATIONS = ("gate-1", "gate-2", "line-a", "line-b")
NOTES = (
    "seal torn",
    "=1+1",
    "+91 98765 43210",
    "@gate",
    "-",
    "नमी ठीक",
    "weighed twice, ok",
    'a "new" sack',
)
TYPES = {
    "mustard": (r"SB\d{5,8}", r"CB\d{9}", 30),
    "moong": (r"M444-\d{5}", r"MG\d{9}", 15),
}
PREFIXES = {"mustard": ("SB", "CB"), "moong": ("M444-", "MG")}
LOTS = (
    ("LOT-301-A", "mustard", ""),
    ("LOT-302-A", "mustard", ""),
    ("LOT-304-A", "mustard", ""),
    ("LOT-305-A", "mustard", ""),
    ("LOT-303-A", "mustard", "quality: foreign matter found"),
    ("LOT-401-M", "moong", ""),
    ("LOT-402-M", "moong", ""),
)
SCAN_COLUMNS = (
    "ref", "code", "parent_code", "step", "area", "station", "actor", "scanned_at", "note",
)  # fmt: skip
INDIA = timezone(timedelta(hours=5, minutes=30))
ZERO_WIDTH = "\u200b"


@dataclass
class Sack:
    code: str
    lot: str
    bag_type: str
    area: str
    children: list
    full: bool


@dataclass
class Day:
    """Rows of a day, generated sack by sack."""

    random: Random
    clock: datetime
    numbers: int = 31_000
    bags: list = field(default_factory=list)
    scans: list = field(default_factory=list)
    sacks: list = field(default_factory=list)

    def maybe(self, percent):
        return self.random.random() * 100 < percent

    def distort(self, code, percent=7):
        """Return the code, sometimes as it is mistyped or misread."""
        if not self.maybe(percent):
            return code
        wide = "".join(chr(ord(c) + 0xFEE0) if c.isalnum() else c for c in code)
        split = f"{code[:3]}{ZERO_WIDTH}{code[3:]}"
        return self.random.choice([code.lower(), f"  {code} ", wide, split])

    def scan(self, step, code, parent="", *, area, note=""):
        """Add a scan with a new ref, a few seconds after the last one."""
        self.clock += timedelta(seconds=self.random.randint(1, 11))
        row = [
            str(UUID(int=self.random.getrandbits(128), version=4)),
            self.distort(code),
            self.distort(parent) if parent else "",
            step,
            area,
            self.random.choice(STATIONS),
            self.random.choice(ACTORS),
            self.clock.isoformat(),
            note,
        ]
        self.scans.append(row)
        return row

    def copy(self, row, **changes):
        """Add a copy of a scan with some changes."""
        copied = dict(zip(SCAN_COLUMNS, row, strict=True)) | changes
        self.scans.append(list(copied.values()))

    def code(self, bag_type, kind):
        self.numbers += self.random.randint(1, 3)
        prefix = PREFIXES[bag_type][kind]
        return f"{prefix}{self.numbers}" if kind == 0 else f"{prefix}{418_000_000 + self.numbers}"

    # -- a sack ---------------------------------------------------------------------------------

    def pack(self):
        """Add the rows of the bag sheet and the scans of one sack."""
        lot, bag_type, _ = self.random.choice(LOTS)
        capacity = TYPES[bag_type][2]
        area, full = self.random.choice(AREAS), self.maybe(70)
        size = capacity if full else self.random.randint(capacity // 2, capacity - 1)
        children = [self.code(bag_type, 1) for _ in range(size)]
        sack = Sack(self.code(bag_type, 0), lot, bag_type, area, children, full)
        self.add_bag_rows(sack)
        self.fill(sack)
        self.finish(sack)
        self.sacks.append(sack)

    def add_bag_rows(self, sack):
        """Add the rows of the bag sheet; some bags are registered by a scan only."""
        start = [sack.lot, sack.bag_type, sack.area]
        if self.maybe(96):
            self.bags.append([*start, "parent", self.distort(sack.code, 4), ""])
        packed = self.maybe(6)
        for child in sack.children:
            if self.maybe(88):
                row = [*start, "child", self.distort(child, 4), sack.code if packed else ""]
                self.bags.append(row)
        for _ in range(self.random.randint(0, 8)):
            self.bags.append([*start, "child", self.code(sack.bag_type, 1), ""])

    def fill(self, sack):
        for child in sack.children:
            area = self.random.choice(AREAS) if self.maybe(2) else sack.area
            row = self.scan("link", child, sack.code, area=area)
            if self.maybe(3):
                self.copy(row)
            if self.maybe(2):
                self.scan("link", child, sack.code, area=sack.area)
            if self.maybe(0.7):
                self.copy(row, area=self.random.choice(AREAS[:9]), code=sack.children[0])
        if self.maybe(12):
            self.scan("link", self.code(sack.bag_type, 1), sack.code, area=sack.area)
        if self.maybe(8):
            other = "moong" if sack.bag_type == "mustard" else "mustard"
            self.scan("link", self.code(other, 1), sack.code, area=sack.area)
        if self.sacks and self.maybe(8):
            elsewhere = self.random.choice(self.sacks)
            self.scan("link", elsewhere.children[-1], sack.code, area=sack.area)

    def finish(self, sack):
        if self.maybe(20):
            self.scan("inspect", sack.code, area=sack.area, note=self.random.choice(NOTES))
        if self.maybe(14):
            self.correct(sack)
        if not sack.full and self.maybe(60):
            self.scan("complete", sack.code, area=sack.area)
        if self.maybe(75):
            self.dispatch(sack, self.random.choice(AREAS))

    def dispatch(self, sack, destination):
        """Dispatch and receive the sack, and sometimes return it."""
        row = self.scan("dispatch", sack.code, area=destination)
        if self.maybe(6):
            self.copy(row)
        if self.maybe(5):
            self.scan("dispatch", sack.code, area=destination)
        if self.maybe(6):
            self.scan("unlink", sack.children[0], area=destination)
        if self.maybe(70):
            self.scan("receive", sack.code, area=destination)
        if self.maybe(8):
            self.scan("return", sack.code, area=sack.area)

    def correct(self, sack):
        """Correct a mistake by further scans."""
        taken = sack.children[0]
        self.scan("unlink", taken, area=sack.area)
        act = self.random.choice(["link", "return", "move", "unlink", "reopen"])
        if act == "link":
            self.scan("link", taken, sack.code, area=sack.area)
        elif act == "move":
            into = self.code(sack.bag_type, 0)
            self.bags.append([sack.lot, sack.bag_type, sack.area, "parent", into, ""])
            self.scan("move", sack.children[1], into, area=sack.area)
        elif act == "reopen":
            self.scan("link", taken, sack.code, area=sack.area)
            self.scan("reopen", sack.code, area=sack.area)
            self.scan("complete", sack.code, area=sack.area)
        else:
            self.scan(act, taken, area=sack.area)

    # -- faults ---------------------------------------------------------------------------------

    def add_faults(self):
        """Add faulty rows."""
        self.add_faulty_scans(self.sacks[0])
        self.add_faulty_bags(self.sacks[0])

    def add_faulty_scans(self, first):
        at = {"area": first.area}
        register = self.scan("register", self.code("mustard", 1), **at)
        self.copy(register, step="inspect")
        late = self.scan("inspect", first.code, **at)
        self.copy(late, ref=self.ref(), scanned_at="2015-03-01T09:00:00+05:30")
        for changes in (
            {"scanned_at": "2099-01-01T08:00:00+05:30"},
            {"scanned_at": "1999-12-31T08:00:00+05:30"},
            {"scanned_at": "yesterday"},
            {"scanned_at": "2026-10-05T08:00:00"},
            {"scanned_at": ""},
            {"step": "teleport"},
            {"area": "atlantis"},
            {"actor": "nobody"},
            {"parent_code": first.code},
            {"step": "link"},
            {"code": "?"},
            {"code": "\a"},
            {"code": "", "step": "teleport"},
            {"code": "NOSUCHBAG1"},
            {"code": "SB7"},
            {"code": first.children[0], "step": "dispatch"},
            {"code": first.code, "step": "unlink"},
        ):
            self.copy(late, **{"ref": self.ref()} | changes)
        self.copy(late, ref="42")
        self.scan("complete", self.add_empty_sack(first.area), **at)
        self.scans += [late[:5], [*late, "a cell too many"]]

    def add_faulty_bags(self, first):
        lot = ["LOT-301-A", "mustard", first.area]
        self.bags += [
            [*lot, "child", "", ""],
            [*lot, "child", "??", ""],
            [*lot, "child", first.children[0], ""],
            [*lot, "parent", first.children[0], ""],
            [*lot, "parent", "CB418999999", ""],
            ["LOT-999-Z", "mustard", first.area, "child", "CB418999998", ""],
            ["LOT-301-A", "mustard", "atlantis", "child", "CB418999997", ""],
            ["LOT-301-A", "jute", first.area, "child", "CB418999996", ""],
            [*lot, "sack", "CB418999995", ""],
            [*lot, "child", "CB418999994"],
        ]

    def ref(self):
        return str(UUID(int=self.random.getrandbits(128), version=4))

    def add_empty_sack(self, area):
        code = self.code("mustard", 0)
        self.bags.append(["LOT-301-A", "mustard", area, "parent", code, ""])
        return code
