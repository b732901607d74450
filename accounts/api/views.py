"""Endpoints of API tokens: list, create, rotate, revoke."""

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

from accounts import token_secrets, tokens
from accounts.models import ApiToken, User
from accounts.roles import Scope
from tracetrack.api.filters import StrictFilterSet, text_filter
from tracetrack.api.idempotency import idempotent, idempotent_with_secret
from tracetrack.api.list_view import ListView, PageParams
from tracetrack.api.pagination import paginate
from tracetrack.api.params import CleanTextField
from tracetrack.api.view import ApiView, created_response, json_response
from tracetrack.errors.problem import Forbidden

MAX_NETWORKS = 20
MAX_OVERLAP_SECONDS = int(tokens.MAX_OVERLAP.total_seconds())
TOKEN_FIELDS = (
    "id", "name", "prefix", "username", "scopes", "read_only", "networks", "state", "created_at",
    "expires_at", "used_at", "revoked_at",
)  # fmt: skip
UNKNOWN_USER = "is not the name of an active account"


class TokenIn(serializers.Serializer[Any]):
    """Body of POST /api/v3/tokens."""

    name = CleanTextField(min_length=1, max_length=64)
    scopes = serializers.ListField(
        child=serializers.ChoiceField(Scope.choices), min_length=1, max_length=len(Scope)
    )
    read_only = serializers.BooleanField(default=False)  # type: ignore[assignment]
    networks = serializers.ListField(
        child=serializers.CharField(max_length=43), default=list, max_length=MAX_NETWORKS
    )
    expires_at = serializers.DateTimeField(default=None, allow_null=True)
    username = serializers.CharField(max_length=150, default=None, allow_null=True)

    def validate_networks(self, networks: list[str]) -> list[str]:
        return sorted({read_network(text) for text in networks})

    def validate_expires_at(self, moment: datetime | None) -> datetime | None:
        return check_in_future(moment)


class RotateIn(serializers.Serializer[Any]):
    """Body of POST /api/v3/tokens/{id}/rotate."""

    overlap_seconds = serializers.IntegerField(
        min_value=0, max_value=MAX_OVERLAP_SECONDS, default=0
    )
    expires_at = serializers.DateTimeField(default=None, allow_null=True)

    def validate_expires_at(self, moment: datetime | None) -> datetime | None:
        return check_in_future(moment)


class TokenFilterSet(StrictFilterSet):
    """Filters of the list of tokens."""

    username = text_filter(150)
    state = ChoiceFilter(choices=[("good", "Good"), ("ended", "Ended")])

    class Meta:
        model = ApiToken
        fields: list[str] = []


class TokenListIn(PageParams):
    """Order and page of the list of tokens."""

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
            partial(paginate, _filtered(self.actor, **self.filters)),
            lambda token: self.select_fields(token_json(token, now)),
            visibility=f"user {self.actor.pk}",
        )

    @idempotent_with_secret(token_secrets.derive_token)
    def post(self, request: Request) -> HttpResponse:
        asked = self.body(TokenIn)
        user = _owner(self.actor, asked.pop("username"))
        new = tokens.create_token(
            actor=self.actor,
            user=user,
            parent_token=self.token,
            secret_seed=self.secret_seed,
            **asked,
        )
        return _with_plain_token(new)


class TokenDetail(ApiView):
    """GET /api/v3/tokens/{id}"""

    permissions = {"GET": "accounts.view_own_tokens"}
    fields = TOKEN_FIELDS

    def get(self, request: Request, token: int) -> HttpResponse:
        found = tokens.get_visible(self.actor, token)
        return json_response(self.select_fields(token_json(found, timezone.now())))


class TokenRotate(ApiView):
    """POST /api/v3/tokens/{id}/rotate"""

    permissions = {"POST": "accounts.change_own_tokens"}

    @idempotent_with_secret(token_secrets.derive_token)
    def post(self, request: Request, token: int) -> HttpResponse:
        asked = self.body(RotateIn)
        new = tokens.rotate_token(
            actor=self.actor,
            token=tokens.get_visible(self.actor, token),
            overlap=timedelta(seconds=asked["overlap_seconds"]),
            expires_at=asked["expires_at"],
            parent_token=self.token,
            secret_seed=self.secret_seed,
        )
        return _with_plain_token(new)


class TokenRevoke(ApiView):
    """POST /api/v3/tokens/{id}/revoke"""

    permissions = {"POST": "accounts.change_own_tokens"}

    @idempotent
    def post(self, request: Request, token: int) -> HttpResponse:
        self.no_body()
        found = tokens.get_visible(self.actor, token)
        tokens.revoke_token(found, actor=self.actor)
        found.refresh_from_db(fields=["revoked_at"])
        return json_response(token_json(found, timezone.now()))


def token_json(token: ApiToken, now: datetime) -> dict[str, Any]:
    """Return the fields of a token in the API. Its plain text and digest are not among them."""
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
        "expires_at": _isoformat(token.expires_at),
        "used_at": _isoformat(token.used_at),
        "revoked_at": _isoformat(token.revoked_at),
    }


def read_network(text: str) -> str:
    """Return an address or a network in its normal form.

    Raises ValidationError if it is neither.
    """
    try:
        return str(ip_network(text))
    except ValueError:
        raise serializers.ValidationError(
            "is neither an address such as 10.0.0.7 nor a network such as 10.0.0.0/24"
        ) from None


def check_in_future(moment: datetime | None) -> datetime | None:
    """Return `moment`; raises ValidationError if it is not in the future."""
    if moment is not None and moment <= timezone.now():
        raise serializers.ValidationError("is in the past")
    return moment


def _filtered(
    actor: User, *, username: str | None = None, state: str | None = None
) -> QuerySet[ApiToken]:
    found = ApiToken.objects.visible_to(actor)
    if username is not None:
        found = found.filter(user__username=username)
    if state is None:
        return found
    ended = Q(revoked_at__isnull=False) | Q(expires_at__lte=timezone.now())
    return found.filter(ended) if state == "ended" else found.exclude(ended)


def _owner(actor: User, username: str | None) -> User:
    """Return the user of a new token: the actor, or another one if the actor may create those."""
    if username is None or username == actor.username:
        return actor
    if not actor.has_perm("accounts.add_apitoken"):
        raise Forbidden(permission="accounts.add_apitoken")
    other = User.objects.filter(username=username, is_active=True).first()
    if other is None:
        raise serializers.ValidationError({"username": UNKNOWN_USER})
    return other


def _with_plain_token(new: tokens.NewToken) -> HttpResponse:
    """Return the response that shows the plain text, which no cache may store."""
    response = json_response(token_json(new.token, timezone.now()) | {"token": new.plain})
    response.headers["Cache-Control"] = "no-store"
    return created_response(response, reverse("api-token", args=[new.token.pk]))


def _isoformat(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
