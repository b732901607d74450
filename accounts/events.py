"""Events of API tokens. Their fields are audited, so none holds a secret."""

from dataclasses import dataclass
from typing import ClassVar

from tracetrack.events import Event


@dataclass(frozen=True, slots=True)
class TokenEvent(Event):
    """Base of the token events. `token` is the prefix, `user` its user's name, `label` its name."""

    audited: ClassVar[bool] = True

    token: str
    user: str
    label: str

    @property
    def subject(self) -> str:
        return f"token {self.token}"


@dataclass(frozen=True, slots=True)
class TokenIssued(TokenEvent):
    name: ClassVar[str] = "token.issued"

    scopes: list[str]
    read_only: bool
    networks: list[str]
    expires_at: str | None


@dataclass(frozen=True, slots=True)
class TokenRotated(TokenEvent):
    name: ClassVar[str] = "token.rotated"

    successor: str
    good_until: str


@dataclass(frozen=True, slots=True)
class TokenRevoked(TokenEvent):
    name: ClassVar[str] = "token.revoked"
