"""Events about scans."""

from dataclasses import dataclass
from typing import ClassVar

from tracetrack.events import Event

# Patterns of the cached responses that show scans or the bags that they change.
INVALIDATES = ("dashboard:*", "bags:*", "recent:*", "search:*", "user_stats:*")


@dataclass(frozen=True, slots=True)
class ScanRecorded(Event):
    """One scan was recorded."""

    name: ClassVar[str] = "scan.recorded"
    invalidates: ClassVar[tuple[str, ...]] = INVALIDATES

    ref: str
    bag: str
    step: str


@dataclass(frozen=True, slots=True)
class ScansRecorded(Event):
    """Some rows of a sheet or upload were recorded in one transaction."""

    name: ClassVar[str] = "scans.recorded"
    invalidates: ClassVar[tuple[str, ...]] = INVALIDATES

    rows: int


@dataclass(frozen=True, slots=True)
class SheetImported(Event):
    """A whole sheet of bags or scans was imported; one audited event for all its rows."""

    name: ClassVar[str] = "sheet.imported"
    invalidates: ClassVar[tuple[str, ...]] = INVALIDATES
    audited: ClassVar[bool] = True

    sheet: str
    rows: int
    applied: int

    @property
    def subject(self) -> str:
        return self.sheet
