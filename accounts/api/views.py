"""Endpoints of API tokens: list, create, rotate, revoke."""

from datetime import timedelta
from functools import partial

from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from accounts import token_secrets, tokens
from accounts.api.serializers import (
    NewTokenSerializer,
    RotateIn,
    TokenFilterSet,
    TokenIn,
    TokenListIn,
    TokenSerializer,
)
from accounts.errors import TokenEnded, TokenNotYours, TokenTooWide, TokenUnknown, TooManyTokens
from accounts.idempotency import idempotent, idempotent_with_secret
from accounts.models import ApiToken, User
from tracetrack.api.fields import to_json
from tracetrack.api.list_view import ListView
from tracetrack.api.pagination import paginate
from tracetrack.api.params import field_names
from tracetrack.api.view import ApiView, created_response, json_response
from tracetrack.errors.problem import BadCursor, Forbidden
from tracetrack.openapi.annotations import links_to, path_parameter, raises

TOKEN_ID = path_parameter("token", int, "The id of the token.", 3)
UNKNOWN_USER = "is not the name of an active account"


@extend_schema(tags=["tokens"])
class Tokens(ListView):
    """GET, POST /api/v3/tokens"""

    list_name = "tokens"
    permissions = {
        "GET": "accounts.view_own_tokens",
        "POST": "accounts.change_own_tokens",
    }
    parameters = TokenListIn
    filterset_class = TokenFilterSet
    fields = field_names(TokenSerializer)

    @extend_schema(
        summary="List tokens",
        description="Administrators see the tokens of all users, others their own; newest first.",
        responses=TokenSerializer(many=True),
    )
    @raises(BadCursor)
    @links_to("tokens/{token}", token="results/0/id")
    def get(self, request: Request) -> HttpResponse:
        return self.page(
            partial(paginate, _filtered(self.actor, **self.filters)),
            lambda token: self.select_fields(to_json(TokenSerializer, token)),
            visibility=f"user {self.actor.pk}",
        )

    @extend_schema(
        summary="Create a token",
        description="This response is the only one that contains the token itself.",
        request=TokenIn,
        responses={201: NewTokenSerializer},
    )
    @raises(TokenTooWide, TooManyTokens)
    @links_to("tokens/{token}", token="id")
    @idempotent_with_secret(token_secrets.derive_token)
    def post(self, request: Request) -> HttpResponse:
        fields = self.body(TokenIn)
        user = _owner(self.actor, fields.pop("username"))
        new = tokens.create_token(
            actor=self.actor,
            user=user,
            parent_token=self.token,
            secret_seed=self.secret_seed,
            **fields,
        )
        return _with_plain_token(new)


@extend_schema(tags=["tokens"], parameters=[TOKEN_ID])
class TokenDetail(ApiView):
    """GET /api/v3/tokens/{id}"""

    permissions = {"GET": "accounts.view_own_tokens"}
    fields = field_names(TokenSerializer)

    @extend_schema(summary="Return one token", responses=TokenSerializer)
    @raises(TokenUnknown)
    def get(self, request: Request, token: int) -> HttpResponse:
        found = tokens.get_visible(self.actor, token)
        return json_response(self.select_fields(to_json(TokenSerializer, found)))


@extend_schema(tags=["tokens"], parameters=[TOKEN_ID])
class TokenRotate(ApiView):
    """POST /api/v3/tokens/{id}/rotate"""

    permissions = {"POST": "accounts.change_own_tokens"}

    @extend_schema(
        summary="Replace a token by a new one with the same rights",
        request=RotateIn,
        responses={201: NewTokenSerializer},
    )
    @raises(TokenUnknown, TokenEnded, TokenNotYours, TokenTooWide)
    @idempotent_with_secret(token_secrets.derive_token)
    def post(self, request: Request, token: int) -> HttpResponse:
        fields = self.body(RotateIn)
        new = tokens.rotate_token(
            actor=self.actor,
            token=tokens.get_visible(self.actor, token),
            overlap=timedelta(seconds=fields["overlap_seconds"]),
            expires_at=fields["expires_at"],
            parent_token=self.token,
            secret_seed=self.secret_seed,
        )
        return _with_plain_token(new)


@extend_schema(tags=["tokens"], parameters=[TOKEN_ID])
class TokenRevoke(ApiView):
    """POST /api/v3/tokens/{id}/revoke"""

    permissions = {"POST": "accounts.change_own_tokens"}

    @extend_schema(summary="Revoke a token", request=None, responses=TokenSerializer)
    @raises(TokenUnknown)
    @idempotent
    def post(self, request: Request, token: int) -> HttpResponse:
        self.no_body()
        found = tokens.get_visible(self.actor, token)
        tokens.revoke_token(found, actor=self.actor)
        found.refresh_from_db(fields=["revoked_at"])
        return json_response(to_json(TokenSerializer, found))


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
    response = json_response(to_json(TokenSerializer, new.token) | {"token": new.plain})
    response.headers["Cache-Control"] = "no-store"
    return created_response(response, reverse("api:token", args=[new.token.pk]))
