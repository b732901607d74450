"""What happened to batches, as the rest of the house hears of it."""

from dataclasses import dataclass
from typing import ClassVar

from tracetrack.events import Event


@dataclass(frozen=True, slots=True)
class BatchChanged(Event):
    """A batch was created, changed, held, released or closed."""

    stale: ClassVar[tuple[str, ...]] = ("dashboard:*", "bags:*", "search:*")
    audited: ClassVar[bool] = True

    batch: str

    @property
    def subject(self) -> str:
        return f"batch {self.batch}"


@dataclass(frozen=True, slots=True)
class BatchCreated(BatchChanged):
    name: ClassVar[str] = "batch.created"


@dataclass(frozen=True, slots=True)
class BatchDescribed(BatchChanged):
    name: ClassVar[str] = "batch.described"


@dataclass(frozen=True, slots=True)
class BatchHeld(BatchChanged):
    name: ClassVar[str] = "batch.held"

    reason: str


@dataclass(frozen=True, slots=True)
class BatchReleased(BatchChanged):
    name: ClassVar[str] = "batch.released"


@dataclass(frozen=True, slots=True)
class BatchClosed(BatchChanged):
    name: ClassVar[str] = "batch.closed"
