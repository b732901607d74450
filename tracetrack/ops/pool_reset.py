"""Replacing all database connections, for emergencies."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from django.db import transaction

if TYPE_CHECKING:
    from accounts.models import User
from tracetrack.db import pool
from tracetrack.events import Event, emit


@dataclass(frozen=True, slots=True)
class PoolReset(Event):
    """The database connections of all processes were replaced. `closed`: how many were ended."""

    name: ClassVar[str] = "pool.reset"
    audited: ClassVar[bool] = True

    closed: int

    @property
    def subject(self) -> str:
        return "pool"


@transaction.atomic
def reset_pool(*, actor: "User | None") -> int:
    """Replace the connections of every process; return the number of ended sessions."""
    closed = pool.replace_connections()
    emit(PoolReset(closed), actor=actor)
    return closed
