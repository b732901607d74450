"""Events of the dashboard: the cache was cleared, demo data was created."""

from dataclasses import dataclass
from typing import ClassVar

from tracetrack.events import Event


@dataclass(frozen=True, slots=True)
class CacheCleared(Event):
    """An administrator cleared cached entries."""

    name: ClassVar[str] = "cache.cleared"
    audited: ClassVar[bool] = True

    pattern: str
    cleared: int

    @property
    def subject(self) -> str:
        return f"cache {self.pattern}"[:128]


@dataclass(frozen=True, slots=True)
class SiteSeeded(Event):
    """An empty database was filled with generated bags and scans."""

    name: ClassVar[str] = "site.seeded"
    invalidates: ClassVar[tuple[str, ...]] = ("*",)
    audited: ClassVar[bool] = True

    bags: int
    scans: int
    seed: int

    @property
    def subject(self) -> str:
        return "site"
