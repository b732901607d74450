"""JSON about API tokens: made, listed, rotated, revoked."""

from datetime import datetime, timedelta
from functools import partial
from ipaddress import ip_network
from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from django_filters import ChoiceFilter
from rest_framework import serializers
from rest_framework.request import Request

from accounts import tokens
from accounts.models import ApiToken, User
from accounts.roles import Scope
from tracetrack.api.filters import StrictFilterSet, text_filter
from tracetrack.api.idempotency import idempotent, idempotent_with_secret
from tracetrack.api.list_view import ListView, PageParams
from tracetrack.api.pagination import paginate
from tracetrack.api.params import CleanTextField
from tracetrack.api.view import ApiView, created_response, json_response
from tracetrack.errors.problem import Forbidden

MOST_NETWORKS = 20
MOST_SECONDS = int(tokens.LONGEST_OVERLAP.total_seconds())
TOKEN_FIELDS = (
    "id", "name", "prefix", "username", "scopes", "read_only", "networks", "state", "created_at",
    "expires_at", "used_at", "revoked_at",
)  # fmt: skip
UNKNOWN_USER = "is not the name of an active account"


class TokenIn(serializers.Serializer[Any]):
    """What a new token is to be good for."""

    name = CleanTextField(min_length=1, max_length=64)
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


class TokenFilterSet(StrictFilterSet):
    """What the list of tokens can be narrowed by: whose, and in what state."""

    username = text_filter(150)
    state = ChoiceFilter(choices=[("good", "Good"), ("ended", "Ended")])

    class Meta:
        model = ApiToken
        fields: list[str] = []


class TokenListIn(PageParams):
    """Parameters of the list of tokens: where it goes on."""

    order = serializers.ChoiceField(["-id", "id"], default="-id")


class Tokens(ListView):
    """GET, POST /api/v3/tokens"""

    list_name = "tokens"
    permissions = {
        "GET": "accounts.view_own_tokens",
        "POST": "accounts.change_own_tokens",
    }
    parameters = TokenListIn
    filterset_class = TokenFilterSet
    fields = TOKEN_FIELDS

    def get(self, request: Request) -> HttpResponse:
        now = timezone.now()
        return self.page(
            partial(paginate, _narrowed(self.actor, **self.filters)),
            lambda token: self.select_fields(token_json(token, now)),
            scope=f"user {self.actor.pk}",
        )

    @idempotent_with_secret(tokens.plain_of)
    def post(self, request: Request) -> HttpResponse:
        asked = self.body(TokenIn)
        user = _account(self.actor, asked.pop("username"))
        issued = tokens.make_token(
            actor=self.actor, user=user, under=self.token, seed=self.secret_seed, **asked
        )
        return _shown_once(issued)


class TokenDetail(ApiView):
    """GET /api/v3/tokens/{id}"""

    permissions = {"GET": "accounts.view_own_tokens"}
    fields = TOKEN_FIELDS

    def get(self, request: Request, token: int) -> HttpResponse:
        seen = tokens.seen_token(self.actor, token)
        return json_response(self.select_fields(token_json(seen, timezone.now())))


class TokenRotate(ApiView):
    """POST /api/v3/tokens/{id}/rotate"""

    permissions = {"POST": "accounts.change_own_tokens"}

    @idempotent_with_secret(tokens.plain_of)
    def post(self, request: Request, token: int) -> HttpResponse:
        asked = self.body(RotateIn)
        issued = tokens.rotate_token(
            actor=self.actor,
            token=tokens.seen_token(self.actor, token),
            overlap=timedelta(seconds=asked["overlap_seconds"]),
            expires_at=asked["expires_at"],
            under=self.token,
            seed=self.secret_seed,
        )
        return _shown_once(issued)


class TokenRevoke(ApiView):
    """POST /api/v3/tokens/{id}/revoke"""

    permissions = {"POST": "accounts.change_own_tokens"}

    @idempotent
    def post(self, request: Request, token: int) -> HttpResponse:
        self.no_body()
        meant = tokens.seen_token(self.actor, token)
        tokens.revoke_token(meant, actor=self.actor)
        meant.refresh_from_db(fields=["revoked_at"])
        return json_response(token_json(meant, timezone.now()))


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


def _narrowed(
    actor: User, *, username: str | None = None, state: str | None = None
) -> QuerySet[ApiToken]:
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
    if not actor.has_perm("accounts.add_apitoken"):
        raise Forbidden(permission="accounts.add_apitoken")
    other = User.objects.filter(username=username, is_active=True).first()
    if other is None:
        raise serializers.ValidationError({"username": UNKNOWN_USER})
    return other


def _shown_once(issued: tokens.Issued) -> HttpResponse:
    shown = token_json(issued.token, timezone.now()) | {"token": issued.plain}
    response = json_response(shown)
    response.headers["Cache-Control"] = "no-store"
    return created_response(response, reverse("api-token", args=[issued.token.pk]))


def _moment(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
