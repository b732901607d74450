"""API tokens: made, shown once, recognised by their hash, revoked."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import ClassVar

from django.db import connection, transaction
from django.http import HttpRequest
from django.utils import timezone
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from tracetrack.errors import NotSignedIn
from tracetrack.events import Event, emit
from tracetrack.models import ApiToken, User
from tracetrack.problems import CHALLENGE
from tracetrack.sql import sql

START = "tt_"
PREFIX_LENGTH = len(START) + 8
RANDOM_BYTES = 32
# tt_ and the 43 characters that 32 bytes make.
LENGTH = len(START) + 43
# How exact `used_at` is; finer would write a row for every request.
USED_EVERY = timedelta(minutes=1)
# In the order of sql/find_token.sql.
TOKEN_COLUMNS = [
    "id", "user_id", "name", "prefix", "digest", "created_at", "expires_at", "revoked_at",
    "used_at",
]  # fmt: skip
USER_COLUMNS = [
    "id", "password", "last_login", "username", "first_name", "last_name", "email", "is_active",
    "date_joined", "role",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class TokenEvent(Event):
    """A token was issued or revoked."""

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


@dataclass(frozen=True, slots=True)
class TokenRevoked(TokenEvent):
    name: ClassVar[str] = "token.revoked"


@transaction.atomic
def issue_token(
    user: User, name: str, expires: datetime | None = None, *, actor: User | None = None
) -> str:
    """A new token of `user`, to be shown once: only its hash is kept."""
    plain = START + secrets.token_urlsafe(RANDOM_BYTES)
    prefix = plain[:PREFIX_LENGTH]
    ApiToken.objects.create(
        user=user, name=name, prefix=prefix, digest=digest_of(plain), expires_at=expires
    )
    emit(TokenIssued(prefix, user.username, name), actor=actor or user)
    return plain


@transaction.atomic
def revoke_token(token: ApiToken, *, actor: User) -> None:
    """End a token, effective with the next request; nothing changes where it has ended."""
    unrevoked = ApiToken.objects.filter(pk=token.pk, revoked_at=None)
    if unrevoked.update(revoked_at=timezone.now()):
        emit(TokenRevoked(token.prefix, token.user.username, token.name), actor=actor)


def find_token(plain: str, *, now: datetime) -> ApiToken | None:
    """The token that is good at `now`, of an account that is switched on; otherwise None.

    Index: api_token_digest_is_unique.
    """
    if not plain.startswith(START) or len(plain) != LENGTH:
        return None
    # Every request of a program begins here: putting the question into words each time would take
    # longer than asking it.
    with connection.cursor() as cursor:
        cursor.execute(sql("tracetrack.find_token"), {"digest": digest_of(plain), "now": now})
        row = cursor.fetchone()
    if row is None:
        return None
    token = ApiToken.from_db(connection.alias, TOKEN_COLUMNS, row[: len(TOKEN_COLUMNS)])
    token.user = User.from_db(connection.alias, USER_COLUMNS, row[len(TOKEN_COLUMNS) :])
    return token


def digest_of(plain: str) -> str:
    """The hash that stands for a token. Its 256 random bits need neither salt nor slowness."""
    return sha256(plain.encode()).hexdigest()


class TokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer tt_…`. A token that is not good is refused, not ignored."""

    def authenticate(self, request: Request | HttpRequest) -> tuple[User, ApiToken] | None:
        scheme, _, plain = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        now = timezone.now()
        token = find_token(plain.strip(), now=now)
        if token is None:
            raise NotSignedIn(reason="the token is unknown, expired or revoked")
        _note_use(token, now)
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        return CHALLENGE


def _note_use(token: ApiToken, now: datetime) -> None:
    if token.used_at is None or now - token.used_at >= USED_EVERY:
        ApiToken.objects.filter(pk=token.pk).update(used_at=now)
