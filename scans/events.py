"""What happened in the ledger, as the rest of the house hears of it."""

from dataclasses import dataclass
from typing import ClassVar

from tracetrack.events import Event

SPOILT = ("dashboard:*", "bags:*", "recent:*", "search:*", "user_stats:*")


@dataclass(frozen=True, slots=True)
class ScanRecorded(Event):
    """One scan was accepted."""

    name: ClassVar[str] = "scan.recorded"
    invalidates: ClassVar[tuple[str, ...]] = SPOILT

    ref: str
    bag: str
    step: str


@dataclass(frozen=True, slots=True)
class ScansRecorded(Event):
    """Some rows of a sheet were accepted, in one transaction."""

    name: ClassVar[str] = "scans.recorded"
    invalidates: ClassVar[tuple[str, ...]] = SPOILT

    rows: int


@dataclass(frozen=True, slots=True)
class SheetImported(Event):
    """A whole sheet of bags or scans was taken in; one event for all its rows."""

    name: ClassVar[str] = "sheet.imported"
    invalidates: ClassVar[tuple[str, ...]] = SPOILT
    audited: ClassVar[bool] = True

    sheet: str
    rows: int
    applied: int

    @property
    def subject(self) -> str:
        return self.sheet
