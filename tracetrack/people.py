"""What happened to accounts, as the rest of the house hears of it."""

from dataclasses import dataclass
from typing import ClassVar

from tracetrack.events import Event


@dataclass(frozen=True, slots=True)
class UserChanged(Event):
    """An account was made, or its role or state was set."""

    name: ClassVar[str] = "user.changed"
    audited: ClassVar[bool] = True

    user: str
    role: str
    active: bool

    @property
    def subject(self) -> str:
        return f"user {self.user}"
