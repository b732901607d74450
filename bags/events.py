"""Events of areas, bag types and batches."""

from dataclasses import dataclass
from typing import ClassVar

from tracetrack.events import Event

# Names and visible areas are part of every cached response.
ALL_CACHES = ("dashboard:*", "bags:*", "search:*", "recent:*")


@dataclass(frozen=True, slots=True)
class AreaEvent(Event):
    """Base of the events of an area."""

    invalidates: ClassVar[tuple[str, ...]] = ALL_CACHES
    audited: ClassVar[bool] = True

    area: str

    @property
    def subject(self) -> str:
        return f"area {self.area}"


@dataclass(frozen=True, slots=True)
class AreaChanged(AreaEvent):
    """An area was created or changed."""

    name: ClassVar[str] = "area.changed"

    called: str
    gln: str
    active: bool


@dataclass(frozen=True, slots=True)
class AreaStaffed(AreaEvent):
    """The members of an area changed."""

    name: ClassVar[str] = "area.staffed"
    topic: ClassVar[str] = "users"

    joined: tuple[str, ...]
    left: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BagTypeChanged(Event):
    """A bag type was created or changed."""

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
class BatchEvent(Event):
    """Base of the events of a batch."""

    invalidates: ClassVar[tuple[str, ...]] = ("dashboard:*", "bags:*", "search:*")
    audited: ClassVar[bool] = True

    batch: str

    @property
    def subject(self) -> str:
        return f"batch {self.batch}"


@dataclass(frozen=True, slots=True)
class BatchCreated(BatchEvent):
    """A batch was created."""

    name: ClassVar[str] = "batch.created"


@dataclass(frozen=True, slots=True)
class BatchDescribed(BatchEvent):
    """Descriptive fields of a batch changed."""

    name: ClassVar[str] = "batch.described"


@dataclass(frozen=True, slots=True)
class BatchHeld(BatchEvent):
    """A batch was put on hold."""

    name: ClassVar[str] = "batch.held"

    reason: str


@dataclass(frozen=True, slots=True)
class BatchReleased(BatchEvent):
    """A batch was released from its hold."""

    name: ClassVar[str] = "batch.released"


@dataclass(frozen=True, slots=True)
class BatchClosed(BatchEvent):
    """A batch was closed."""

    name: ClassVar[str] = "batch.closed"
