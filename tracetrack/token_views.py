"""JSON about API tokens: made, listed, rotated, revoked."""

from datetime import datetime, timedelta
from ipaddress import ip_network
from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.utils import timezone
from rest_framework import serializers
from rest_framework.request import Request

from tracetrack import paging, tokens
from tracetrack.errors import Forbidden
from tracetrack.http import ApiView, as_json
from tracetrack.models import ApiToken, User
from tracetrack.roles import Scope

MOST_NETWORKS = 20
MOST_SECONDS = int(tokens.LONGEST_OVERLAP.total_seconds())
UNKNOWN_USER = "is not the name of an active account"


class TokenIn(serializers.Serializer[Any]):
    """What a new token is to be good for."""

    name = serializers.CharField(min_length=1, max_length=64)
    scopes = serializers.ListField(
        child=serializers.ChoiceField(Scope.choices), min_length=1, max_length=len(Scope)
    )
    read_only = serializers.BooleanField(default=False)  # type: ignore[assignment]
    networks = serializers.ListField(
        child=serializers.CharField(max_length=43), default=list, max_length=MOST_NETWORKS
    )
    expires_at = serializers.DateTimeField(default=None, allow_null=True)
    username = serializers.CharField(max_length=150, default=None, allow_null=True)

    def validate_networks(self, given: list[str]) -> list[str]:
        return sorted({read_network(text) for text in given})

    def validate_expires_at(self, given: datetime | None) -> datetime | None:
        return in_future(given)


class RotateIn(serializers.Serializer[Any]):
    """How long the old token goes on, and when the new one expires."""

    overlap_seconds = serializers.IntegerField(min_value=0, max_value=MOST_SECONDS, default=0)
    expires_at = serializers.DateTimeField(default=None, allow_null=True)

    def validate_expires_at(self, given: datetime | None) -> datetime | None:
        return in_future(given)


class TokenListIn(serializers.Serializer[Any]):
    """Whose tokens, in what state, and where the list goes on."""

    username = serializers.CharField(max_length=150, default=None)
    state = serializers.ChoiceField(["good", "ended"], default=None)
    per_page = serializers.IntegerField(min_value=1, max_value=500, default=100)
    cursor = serializers.CharField(default=None)


class Tokens(ApiView):
    """GET, POST /api/v3/tokens"""

    permissions = {
        "GET": "tracetrack.view_own_tokens",
        "POST": "tracetrack.change_own_tokens",
    }
    parameters = TokenListIn

    def get(self, request: Request) -> HttpResponse:
        asked = dict(self.asked)
        per_page, cursor = asked.pop("per_page"), asked.pop("cursor")
        sealed: dict[str, Any] = {
            "of": "tokens",
            "scope": f"user {self.actor.pk}",
            "filters": asked,
        }
        found = _narrowed(self.actor, **asked)
        if cursor:
            found = found.filter(pk__lt=paging.read_cursor(cursor, **sealed))
        rows = list(found[: per_page + 1])
        shown, now = rows[:per_page], timezone.now()
        behind = paging.cursor(shown[-1].pk, **sealed) if len(rows) > per_page else None
        follow = paging.following(request, behind) if behind else None
        return as_json({"results": [token_json(token, now) for token in shown], "next": follow})

    def post(self, request: Request) -> HttpResponse:
        asked = self.body(TokenIn)
        user = _account(self.actor, asked.pop("username"))
        issued = tokens.make_token(actor=self.actor, user=user, under=self.token, **asked)
        return _shown_once(issued)


class TokenDetail(ApiView):
    """GET /api/v3/tokens/{id}"""

    permissions = {"GET": "tracetrack.view_own_tokens"}

    def get(self, request: Request, token: int) -> HttpResponse:
        return as_json(token_json(tokens.seen_token(self.actor, token), timezone.now()))


class TokenRotate(ApiView):
    """POST /api/v3/tokens/{id}/rotate"""

    permissions = {"POST": "tracetrack.change_own_tokens"}

    def post(self, request: Request, token: int) -> HttpResponse:
        asked = self.body(RotateIn)
        issued = tokens.rotate_token(
            actor=self.actor,
            token=tokens.seen_token(self.actor, token),
            overlap=timedelta(seconds=asked["overlap_seconds"]),
            expires_at=asked["expires_at"],
            under=self.token,
        )
        return _shown_once(issued)


class TokenRevoke(ApiView):
    """POST /api/v3/tokens/{id}/revoke"""

    permissions = {"POST": "tracetrack.change_own_tokens"}

    def post(self, request: Request, token: int) -> HttpResponse:
        self.no_body()
        meant = tokens.seen_token(self.actor, token)
        tokens.revoke_token(meant, actor=self.actor)
        meant.refresh_from_db(fields=["revoked_at"])
        return as_json(token_json(meant, timezone.now()))


def token_json(token: ApiToken, now: datetime) -> dict[str, Any]:
    """A token, without what only its holder knows."""
    return {
        "id": token.pk,
        "name": token.name,
        "prefix": token.prefix,
        "username": token.user.username,
        "scopes": token.scopes,
        "read_only": token.read_only,
        "networks": token.networks,
        "state": "ended" if token.has_ended(now) else "good",
        "created_at": token.created_at.isoformat(),
        "expires_at": _moment(token.expires_at),
        "used_at": _moment(token.used_at),
        "revoked_at": _moment(token.revoked_at),
    }


def read_network(text: str) -> str:
    """An address or a network as it is kept; raises ValidationError."""
    try:
        return str(ip_network(text))
    except ValueError:
        raise serializers.ValidationError(
            "is no address such as 10.0.0.7, and no network such as 10.0.0.0/24"
        ) from None


def in_future(given: datetime | None) -> datetime | None:
    """`given`, if it lies ahead; raises ValidationError."""
    if given is not None and given <= timezone.now():
        raise serializers.ValidationError("lies in the past")
    return given


def _narrowed(actor: User, *, username: str | None, state: str | None) -> QuerySet[ApiToken]:
    found = tokens.tokens_seen_by(actor)
    if username is not None:
        found = found.filter(user__username=username)
    if state is None:
        return found
    ended = Q(revoked_at__isnull=False) | Q(expires_at__lte=timezone.now())
    return found.filter(ended) if state == "ended" else found.exclude(ended)


def _account(actor: User, username: str | None) -> User:
    """Whose the new token is to be: one's own, or another's where the actor may make such."""
    if username is None or username == actor.username:
        return actor
    if not actor.has_perm("tracetrack.add_apitoken"):
        raise Forbidden(permission="tracetrack.add_apitoken")
    other = User.objects.filter(username=username, is_active=True).first()
    if other is None:
        raise serializers.ValidationError({"username": UNKNOWN_USER})
    return other


def _shown_once(issued: tokens.Issued) -> HttpResponse:
    shown = token_json(issued.token, timezone.now()) | {"token": issued.plain}
    response = as_json(shown, status=201)
    response.headers["Cache-Control"] = "no-store"
    return response


def _moment(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
