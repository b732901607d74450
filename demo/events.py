"""Events of demo data."""

from dataclasses import dataclass
from typing import ClassVar

from tracetrack.events import Event


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
