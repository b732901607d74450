"""API tokens: create, rotate and revoke; access to the tokens that a user may see."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from ipaddress import ip_network
from typing import Any, NamedTuple

from django.db import transaction
from django.utils import timezone

from accounts.errors import TokenEnded, TokenNotYours, TokenTooWide, TokenUnknown, TooManyTokens
from accounts.events import TokenIssued, TokenRevoked, TokenRotated
from accounts.models import ApiToken, User
from accounts.token_secrets import PREFIX_LENGTH, derive_token, generate_token, token_digest
from tracetrack.api.scopes import Scope
from tracetrack.events import emit

# Per user. Rate limits count per token, so their number has to be limited, too.
MAX_ACTIVE_TOKENS = 20
# How long the old token may stay valid after a rotation.
MAX_OVERLAP = timedelta(days=7)


class NewToken(NamedTuple):
    """A new token and its plain text, which is shown once and not stored."""

    token: ApiToken
    plain: str


def issue_token(
    user: User, name: str, expires: datetime | None = None, *, actor: User | None = None
) -> str:
    """Create a token with every scope and return its plain text. The actor defaults to `user`."""
    return create_token(user=user, name=name, expires_at=expires, actor=actor or user).plain


@transaction.atomic
def create_token(
    *,
    actor: User,
    user: User,
    name: str,
    scopes: Sequence[str] = tuple(Scope.values),
    read_only: bool = False,
    networks: Sequence[str] = (),
    expires_at: datetime | None = None,
    parent_token: ApiToken | None = None,
    secret_seed: str = "",
) -> NewToken:
    """Create a token of `user`.

    `parent_token` is the token with which the request came, if any: the new token may not have more
    rights. With `secret_seed` the plain text is derived from it; otherwise it is random.

    Raises TokenTooWide, TooManyTokens.
    """
    token = ApiToken(
        user=user,
        name=name,
        scopes=[scope for scope in Scope.values if scope in scopes],
        read_only=read_only,
        networks=list(networks),
        expires_at=expires_at,
    )
    _check_within_parent(token, parent_token)
    # Lock the user, so that concurrent requests cannot exceed the limit together.
    User.objects.select_for_update(no_key=True).get(pk=user.pk)
    if ApiToken.objects.active(timezone.now()).filter(user=user).count() >= MAX_ACTIVE_TOKENS:
        raise TooManyTokens(user=user.username, limit=MAX_ACTIVE_TOKENS)
    return _save(token, actor=actor, secret_seed=secret_seed)


@transaction.atomic
def rotate_token(
    *,
    actor: User,
    token: ApiToken,
    overlap: timedelta = timedelta(),
    expires_at: datetime | None = None,
    parent_token: ApiToken | None = None,
    secret_seed: str = "",
) -> NewToken:
    """Replace a token by a new one with the same rights.

    The old token stays valid for `overlap`. The new one expires at `expires_at`, by default when
    the old one would have. For `parent_token` and `secret_seed` see create_token().

    Raises TokenNotYours, TokenEnded, TokenTooWide.
    """
    now = timezone.now()
    old = ApiToken.objects.select_related("user").select_for_update(of=("self",)).get(pk=token.pk)
    if old.user != actor:
        raise TokenNotYours(user=old.user.username, token=old.prefix)
    if old.has_ended(now):
        raise TokenEnded(token=old.prefix)
    successor = ApiToken(
        user=old.user,
        name=old.name,
        scopes=old.scopes,
        read_only=old.read_only,
        networks=old.networks,
        expires_at=expires_at or old.expires_at,
    )
    _check_within_parent(successor, parent_token)
    new = _save(successor, actor=actor, secret_seed=secret_seed)
    end = min(now + overlap, old.expires_at or now + overlap)
    changes = {"expires_at": end} if overlap else {"revoked_at": now}
    ApiToken.objects.filter(pk=old.pk).update(**changes)
    emit(
        TokenRotated(old.prefix, actor.username, old.name, new.token.prefix, end.isoformat()),
        actor=actor,
    )
    return new


@transaction.atomic
def revoke_token(token: ApiToken, *, actor: User) -> None:
    """Revoke a token, effective with the next request. Revoking it again changes nothing."""
    unrevoked = ApiToken.objects.filter(pk=token.pk, revoked_at=None)
    if unrevoked.update(revoked_at=timezone.now()):
        emit(TokenRevoked(token.prefix, token.user.username, token.name), actor=actor)


def get_visible(user: User, token_id: int) -> ApiToken:
    """Return the token with this id.

    Raises TokenUnknown if there is none, or if `user` may not see it.
    """
    token: ApiToken | None = ApiToken.objects.visible_to(user).filter(pk=token_id).first()
    if token is None:
        raise TokenUnknown(token=token_id)
    return token


def _save(token: ApiToken, *, actor: User, secret_seed: str) -> NewToken:
    plain = derive_token(secret_seed) if secret_seed else generate_token()
    token.prefix, token.digest = plain[:PREFIX_LENGTH], token_digest(plain)
    token.save(force_insert=True)
    event = TokenIssued(
        token.prefix,
        token.user.username,
        token.name,
        list(token.scopes),
        token.read_only,
        list(token.networks),
        token.expires_at.isoformat() if token.expires_at else None,
    )
    emit(event, actor=actor)
    return NewToken(token, plain)


def _check_within_parent(token: ApiToken, parent: ApiToken | None) -> None:
    """Raise TokenTooWide if `token` would have more rights than `parent`."""
    if parent is None:
        return
    extra_scopes = token.effective_scopes - parent.effective_scopes
    if extra_scopes:
        raise TokenTooWide(reason=f"“{min(extra_scopes)}” is not one of its scopes")
    if parent.expires_at and (token.expires_at is None or token.expires_at > parent.expires_at):
        raise TokenTooWide(reason=f"it expires at {parent.expires_at.isoformat()}")
    if parent.networks and not _are_within(token.networks, parent.networks):
        raise TokenTooWide(reason=f"it is restricted to {', '.join(parent.networks)}")


def _are_within(networks: Sequence[str], bounds: Sequence[str]) -> bool:
    parsed_bounds = [ip_network(network) for network in bounds]
    return bool(networks) and all(
        any(_is_subnet(ip_network(network), bound) for bound in parsed_bounds)
        for network in networks
    )


def _is_subnet(network: Any, bound: Any) -> bool:
    return bool(network.version == bound.version and network.subnet_of(bound))
