"""Changes to user accounts, and their events."""

from dataclasses import dataclass
from typing import ClassVar

from django.db import transaction

from accounts.models import User
from tracetrack.events import Event, emit


@dataclass(frozen=True, slots=True)
class UserChanged(Event):
    """A user was created, or their name, role or state was changed."""

    name: ClassVar[str] = "user.changed"
    # Lists of scans and statistics show user names.
    invalidates: ClassVar[tuple[str, ...]] = ("dashboard:*", "recent:*", "user_stats:*")
    audited: ClassVar[bool] = True
    topic: ClassVar[str] = "users"

    user: str
    role: str
    active: bool

    @property
    def subject(self) -> str:
        return f"user {self.user}"


@dataclass(frozen=True, slots=True)
class PasswordChanged(Event):
    """A user changed their own password."""

    name: ClassVar[str] = "user.password-changed"
    audited: ClassVar[bool] = True
    topic: ClassVar[str] = "users"

    user: str

    @property
    def subject(self) -> str:
        return f"user {self.user}"


@transaction.atomic
def change_password(*, user: User, password: str) -> None:
    """Set the user's own password, which the caller has validated."""
    user.set_password(password)
    user.save(update_fields=["password"])
    emit(PasswordChanged(user.username), actor=user)


@transaction.atomic
def save_user(*, actor: User, user: User) -> None:
    """Save a new or changed user."""
    user.save()
    emit(UserChanged(user.username, user.role, user.is_active), actor=actor)
