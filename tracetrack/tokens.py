"""API tokens: made, shown once, recognised by their hash, revoked."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import ClassVar

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from tracetrack.errors import NotSignedIn
from tracetrack.events import Event, emit
from tracetrack.models import ApiToken, User
from tracetrack.problems import CHALLENGE

START = "tt_"
PREFIX_LENGTH = len(START) + 8
RANDOM_BYTES = 32
# tt_ and the 43 characters that 32 bytes make.
LENGTH = len(START) + 43
# How exact `used_at` is; finer would write a row for every request.
USED_EVERY = timedelta(minutes=1)


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
    good = Q(revoked_at=None) & (Q(expires_at=None) | Q(expires_at__gt=now))
    tokens = ApiToken.objects.select_related("user").filter(good, user__is_active=True)
    return tokens.filter(digest=digest_of(plain)).first()


def digest_of(plain: str) -> str:
    """The hash that stands for a token. Its 256 random bits need neither salt nor slowness."""
    return sha256(plain.encode()).hexdigest()


class TokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer tt_…`. A token that is not good is refused, not ignored."""

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
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
