"""What happened to areas, bag types and batches, as the rest of the house hears of it."""

from dataclasses import dataclass
from typing import ClassVar

from tracetrack.events import Event

# Names and visibility stand in every answer that is kept.
ALL_CACHES = ("dashboard:*", "bags:*", "search:*", "recent:*")


@dataclass(frozen=True, slots=True)
class AreaEvent(Event):
    """An area was made or changed, or other people work in it."""

    invalidates: ClassVar[tuple[str, ...]] = ALL_CACHES
    audited: ClassVar[bool] = True

    area: str

    @property
    def subject(self) -> str:
        return f"area {self.area}"


@dataclass(frozen=True, slots=True)
class AreaChanged(AreaEvent):
    name: ClassVar[str] = "area.changed"

    called: str
    gln: str
    active: bool


@dataclass(frozen=True, slots=True)
class AreaStaffed(AreaEvent):
    name: ClassVar[str] = "area.staffed"
    topic: ClassVar[str] = "people"

    joined: tuple[str, ...]
    left: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BagTypeChanged(Event):
    """A bag type was made or changed."""

    name: ClassVar[str] = "bag_type.changed"
    invalidates: ClassVar[tuple[str, ...]] = ALL_CACHES
    audited: ClassVar[bool] = True

    bag_type: str
    parent_pattern: str
    child_pattern: str
    capacity: int
    child_weight: str

    @property
    def subject(self) -> str:
        return f"bag type {self.bag_type}"


@dataclass(frozen=True, slots=True)
class BatchChanged(Event):
    """A batch was created, changed, held, released or closed."""

    invalidates: ClassVar[tuple[str, ...]] = ("dashboard:*", "bags:*", "search:*")
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
