"""Serializers of requests and responses about API tokens.

The OpenAPI document shows the docstrings of the serializers as descriptions.
"""

from datetime import datetime
from ipaddress import ip_network
from typing import Any

from django.utils import timezone
from django_filters import ChoiceFilter
from drf_spectacular.utils import OpenApiExample, extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from accounts import tokens
from accounts.models import ApiToken
from tracetrack.api.fields import TimestampField
from tracetrack.api.filters import StrictFilterSet, text_filter
from tracetrack.api.list_view import PageParams
from tracetrack.api.params import CleanTextField
from tracetrack.api.scopes import Scope

MAX_NETWORKS = 20
MAX_OVERLAP_SECONDS = int(tokens.MAX_OVERLAP.total_seconds())
TOKEN_EXAMPLE = {
    "id": 3, "name": "gate 2", "prefix": "tt_q1w2E3r4", "username": "asha",
    "scopes": ["read", "scan"], "read_only": False, "networks": ["10.0.0.0/24"], "state": "good",
    "created_at": "2026-11-23T14:27:46.120000+00:00", "expires_at": None, "used_at": None,
    "revoked_at": None,
}  # fmt: skip


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "New token",
            {"name": "gate 2", "scopes": ["read", "scan"], "networks": ["10.0.0.0/24"]},
        )
    ]
)
class TokenIn(serializers.Serializer[Any]):
    """A new token."""

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


@extend_schema_serializer(examples=[OpenApiExample("Overlap", {"overlap_seconds": 3600})])
class RotateIn(serializers.Serializer[Any]):
    """How long the old token stays valid, and when the new one expires."""

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


@extend_schema_serializer(examples=[OpenApiExample("Token", TOKEN_EXAMPLE)])
class TokenSerializer(serializers.Serializer[ApiToken]):
    """A token. Its plain text and digest are not among its fields."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    prefix = serializers.CharField()
    username = serializers.CharField(source="user.username")
    scopes = serializers.ListField(child=serializers.ChoiceField(Scope.choices))
    read_only = serializers.BooleanField()  # type: ignore[assignment]
    networks = serializers.ListField(child=serializers.CharField())
    state = serializers.SerializerMethodField()
    created_at = TimestampField()
    expires_at = TimestampField(allow_null=True)
    used_at = TimestampField(allow_null=True)
    revoked_at = TimestampField(allow_null=True)

    @extend_schema_field(serializers.ChoiceField(["good", "ended"]))
    def get_state(self, token: ApiToken) -> str:
        """Return "ended" for a token that is revoked or has expired, "good" for any other."""
        return "ended" if token.has_ended(timezone.now()) else "good"


@extend_schema_serializer(
    examples=[OpenApiExample("Token", TOKEN_EXAMPLE | {"token": "tt_q1w2E3r4…"})]
)
class NewTokenSerializer(TokenSerializer):
    """A new token, with its plain text."""

    token = serializers.CharField()


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
