"""What may be done to accounts, and how the rest of the house hears of it."""

from dataclasses import dataclass
from typing import ClassVar

from django.db import transaction

from accounts.models import User
from tracetrack.events import Event, emit


@dataclass(frozen=True, slots=True)
class UserChanged(Event):
    """An account was made, or its name, role or state was set."""

    name: ClassVar[str] = "user.changed"
    # Scans and figures say who scanned.
    stale: ClassVar[tuple[str, ...]] = ("dashboard:*", "recent:*", "user_stats:*")
    audited: ClassVar[bool] = True
    topic: ClassVar[str] = "people"

    user: str
    role: str
    active: bool

    @property
    def subject(self) -> str:
        return f"user {self.user}"


@dataclass(frozen=True, slots=True)
class PasswordChanged(Event):
    """Somebody gave himself another password."""

    name: ClassVar[str] = "user.password-changed"
    audited: ClassVar[bool] = True
    topic: ClassVar[str] = "people"

    user: str

    @property
    def subject(self) -> str:
        return f"user {self.user}"


@transaction.atomic
def change_password(*, user: User, password: str) -> None:
    """Another password for one's own account; whether it is good enough is checked before."""
    user.set_password(password)
    user.save(update_fields=["password"])
    emit(PasswordChanged(user.username), actor=user)


@transaction.atomic
def save_user(*, actor: User, user: User) -> None:
    """Keep an account, new or changed."""
    user.save()
    emit(UserChanged(user.username, user.role, user.is_active), actor=actor)
