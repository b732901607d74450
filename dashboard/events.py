"""Events of the dashboard."""

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
