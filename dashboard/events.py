"""What happened to what people see, as the rest of the house hears of it."""

from dataclasses import dataclass
from typing import ClassVar

from tracetrack.events import Event


@dataclass(frozen=True, slots=True)
class CacheCleared(Event):
    """An administrator dropped cached answers."""

    name: ClassVar[str] = "cache.cleared"
    audited: ClassVar[bool] = True

    pattern: str
    cleared: int

    @property
    def subject(self) -> str:
        return f"cache {self.pattern}"[:128]


@dataclass(frozen=True, slots=True)
class SiteSeeded(Event):
    """An empty site was filled with invented bags and scans."""

    name: ClassVar[str] = "site.seeded"
    invalidates: ClassVar[tuple[str, ...]] = ("*",)
    audited: ClassVar[bool] = True

    bags: int
    scans: int
    seed: int

    @property
    def subject(self) -> str:
        return "site"
