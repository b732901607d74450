"""API tokens: made, shown once, recognised by their hash, rotated, revoked."""

import hmac
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from ipaddress import ip_network
from typing import Any, NamedTuple

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from accounts.events import TokenIssued, TokenRevoked, TokenRotated
from accounts.models import ApiToken, User
from accounts.roles import Scope
from tracetrack.client_ip import client_address, is_from_networks
from tracetrack.errors.http import CHALLENGE
from tracetrack.errors.problem import (
    NotSignedIn,
    TokenEnded,
    TokenNotYours,
    TokenTooWide,
    TokenUnknown,
    TooManyTokens,
    WrongNetwork,
)
from tracetrack.events import emit

START = "tt_"
PREFIX_LENGTH = len(START) + 8
RANDOM_BYTES = 32
# tt_ and the 43 characters that 32 bytes make.
LENGTH = len(START) + 43
# Good ones, of one account. A limit counts by token, so they cannot be without number.
MOST_TOKENS = 20
LONGEST_OVERLAP = timedelta(days=7)
# How exact `used_at` is; finer would write a row for every request.
USED_EVERY = timedelta(minutes=1)
# A function of the database, planned once for each connection: migrations/0006_find_token.py.
FIND = "SELECT * FROM tracetrack_find_token_v1(%s, %s)"
# Where a request has what was looked up for it before: a row of that function, or None.
FOUND = "tracetrack.token"
# In its order. Of the account only what an answer may say; the rest is fetched when asked for.
TOKEN_COLUMNS = [
    "id", "user_id", "name", "prefix", "scopes", "read_only", "networks", "expires_at", "used_at",
]  # fmt: skip
USER_COLUMNS = ["id", "username", "first_name", "last_name", "email", "is_active", "role"]


class Issued(NamedTuple):
    """A new token, and what is shown of it once: only its hash is kept."""

    token: ApiToken
    plain: str


def issue_token(
    user: User, name: str, expires: datetime | None = None, *, actor: User | None = None
) -> str:
    """A new token of `user` for all that he may do, to be shown once."""
    return make_token(user=user, name=name, expires_at=expires, actor=actor or user).plain


@transaction.atomic
def make_token(
    *,
    actor: User,
    user: User,
    name: str,
    scopes: Sequence[str] = tuple(Scope.values),
    read_only: bool = False,
    networks: Sequence[str] = (),
    expires_at: datetime | None = None,
    under: ApiToken | None = None,
    seed: str = "",
) -> Issued:
    """A new token of `user`. Made with a token, `under`, it may do no more than that one.

    Of the same `seed` the same secret is made; without one it is made of chance.

    Raises TokenTooWide, TooManyTokens.
    """
    now = timezone.now()
    asked = ApiToken(
        user=user,
        name=name,
        scopes=[scope for scope in Scope.values if scope in scopes],
        read_only=read_only,
        networks=list(networks),
        expires_at=expires_at,
    )
    _check_within(asked, under)
    # Two that are made at the same time must not both be the last one.
    User.objects.select_for_update(no_key=True).get(pk=user.pk)
    if good_tokens(now).filter(user=user).count() >= MOST_TOKENS:
        raise TooManyTokens(user=user.username, limit=MOST_TOKENS)
    return _keep(asked, actor=actor, seed=seed)


@transaction.atomic
def rotate_token(
    *,
    actor: User,
    token: ApiToken,
    overlap: timedelta = timedelta(),
    expires_at: datetime | None = None,
    under: ApiToken | None = None,
    seed: str = "",
) -> Issued:
    """A successor that is good for the same; the old one goes on for `overlap`, then ends.

    Raises TokenNotYours, TokenEnded, TokenTooWide.
    """
    now = timezone.now()
    old = ApiToken.objects.select_related("user").select_for_update(of=("self",)).get(pk=token.pk)
    if old.user != actor:
        raise TokenNotYours(user=old.user.username, token=old.prefix)
    if old.has_ended(now):
        raise TokenEnded(token=old.prefix)
    asked = ApiToken(
        user=old.user,
        name=old.name,
        scopes=old.scopes,
        read_only=old.read_only,
        networks=old.networks,
        expires_at=expires_at or old.expires_at,
    )
    _check_within(asked, under)
    issued = _keep(asked, actor=actor, seed=seed)
    end = min(now + overlap, old.expires_at or now + overlap)
    ending = {"expires_at": end} if overlap else {"revoked_at": now}
    ApiToken.objects.filter(pk=old.pk).update(**ending)
    emit(
        TokenRotated(old.prefix, actor.username, old.name, issued.token.prefix, end.isoformat()),
        actor=actor,
    )
    return issued


@transaction.atomic
def revoke_token(token: ApiToken, *, actor: User) -> None:
    """End a token, effective with the next request; nothing changes where it has ended."""
    unrevoked = ApiToken.objects.filter(pk=token.pk, revoked_at=None)
    if unrevoked.update(revoked_at=timezone.now()):
        emit(TokenRevoked(token.prefix, token.user.username, token.name), actor=actor)


def tokens_seen_by(user: User) -> QuerySet[ApiToken]:
    """Tokens with their users, the newest first: all for administrators, one's own for others."""
    tokens = ApiToken.objects.select_related("user").order_by("-id")
    return tokens if user.has_perm("accounts.view_apitoken") else tokens.filter(user=user)


def good_tokens(now: datetime) -> QuerySet[ApiToken]:
    """Those that were not revoked, and whose time is not over."""
    return ApiToken.objects.filter(Q(expires_at=None) | Q(expires_at__gt=now), revoked_at=None)


def seen_token(user: User, number: int) -> ApiToken:
    """The token with this id; raises TokenUnknown, also where `user` may not see it."""
    token = tokens_seen_by(user).filter(pk=number).first()
    if token is None:
        raise TokenUnknown(token=number)
    return token


def find_token(plain: str, *, now: datetime) -> ApiToken | None:
    """The token that is good at `now`, of an account that is switched on; otherwise None.

    Index: api_token_digest_is_unique.
    """
    if not plain.startswith(START) or len(plain) != LENGTH:
        return None
    with connection.cursor() as cursor:
        cursor.execute(FIND, [digest_of(plain), now])
        return _token_of(cursor.fetchone())


def bearer(meta: Mapping[str, Any]) -> str | None:
    """What a request brings for a token; None where it brings none, or something else."""
    scheme, _, plain = meta.get("HTTP_AUTHORIZATION", "").partition(" ")
    return plain.strip() if scheme.lower() == "bearer" else None


def _token_of(row: Sequence[Any] | None) -> ApiToken | None:
    """The token of a row of the database's function, which gives none that is not good."""
    if row is None:
        return None
    token = ApiToken.from_db(connection.alias, TOKEN_COLUMNS, row[: len(TOKEN_COLUMNS)])
    person = (token.user_id, *row[len(TOKEN_COLUMNS) :])
    token.user = User.from_db(connection.alias, USER_COLUMNS, person)
    token.user.scopes = token.opens
    return token


def digest_of(plain: str) -> str:
    """The hash that stands for a token. Its 256 random bits need neither salt nor slowness."""
    return sha256(plain.encode()).hexdigest()


class TokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer tt_…`. A token that is not good is refused, not ignored."""

    def authenticate(self, request: Request | HttpRequest) -> tuple[User, ApiToken] | None:
        plain = bearer(request.META)
        if plain is None:
            return None
        now = timezone.now()
        if FOUND in request.META:
            token = _token_of(request.META[FOUND])
        else:
            token = find_token(plain, now=now)
        if token is None:
            raise NotSignedIn(reason="the token is unknown, expired or revoked")
        if token.networks and not is_from_networks(request, token.networks):
            raise WrongNetwork(address=client_address(request))
        _note_use(token, now)
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        return CHALLENGE


def plain_of(seed: str) -> str:
    """The token that is made of `seed`: neither a copy of the database nor the key gives it."""
    purpose = f"tracetrack.token:{seed}".encode()
    digest = hmac.digest(settings.SECRET_KEY.encode(), purpose, sha256)
    return START + urlsafe_b64encode(digest).decode().rstrip("=")


def _keep(token: ApiToken, *, actor: User, seed: str) -> Issued:
    plain = plain_of(seed) if seed else START + secrets.token_urlsafe(RANDOM_BYTES)
    token.prefix, token.digest = plain[:PREFIX_LENGTH], digest_of(plain)
    token.save(force_insert=True)
    end = token.expires_at.isoformat() if token.expires_at else None
    event = TokenIssued(
        token.prefix,
        token.user.username,
        token.name,
        list(token.scopes),
        token.read_only,
        list(token.networks),
        end,
    )
    emit(event, actor=actor)
    return Issued(token, plain)


def _check_within(asked: ApiToken, under: ApiToken | None) -> None:
    """Raises TokenTooWide where `asked` may do more than the token that asks for it."""
    if under is None:
        return
    if asked.opens - under.opens:
        raise TokenTooWide(reason=f"“{min(asked.opens - under.opens)}” is no scope of it")
    if under.expires_at and (asked.expires_at is None or asked.expires_at > under.expires_at):
        raise TokenTooWide(reason=f"it expires at {under.expires_at.isoformat()}")
    if under.networks and not _are_inside(asked.networks, under.networks):
        raise TokenTooWide(reason=f"it is bound to {', '.join(under.networks)}")


def _are_inside(networks: Sequence[str], outer: Sequence[str]) -> bool:
    bounds = [ip_network(network) for network in outer]
    return bool(networks) and all(
        any(_is_inside(ip_network(network), bound) for bound in bounds) for network in networks
    )


def _is_inside(network: Any, bound: Any) -> bool:
    return bool(network.version == bound.version and network.subnet_of(bound))


def _note_use(token: ApiToken, now: datetime) -> None:
    if token.used_at is None or now - token.used_at >= USED_EVERY:
        ApiToken.objects.filter(pk=token.pk).update(used_at=now)
