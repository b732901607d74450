"""Output serializers: their fields, their JSON, and the columns that lists read for them."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from tracetrack.db.export import Cell, Column

WEIGHT_SCHEMA = {"type": "string", "pattern": r"^\d+\.\d{3}$", "description": "kg"}


class CountField(serializers.IntegerField):
    """A number of things: an integer of at least 0."""

    def __init__(self, **options: Any) -> None:
        super().__init__(min_value=0, **options)


class TimestampField(serializers.DateTimeField):
    """An instant in ISO 8601, with its offset and microseconds as stored."""

    def to_representation(self, value: datetime) -> str:
        return value.isoformat()


@extend_schema_field(WEIGHT_SCHEMA)
class WeightField(serializers.Field[Decimal, Decimal, str, Any]):
    """A weight in kg, as text with three decimals."""

    def to_representation(self, value: Decimal) -> str:
        return f"{value:.3f}"


class UserTextField(serializers.CharField):
    """Text that a user typed. In CSV it is escaped, so that no spreadsheet runs it as a formula."""


def to_json(serializer: type[serializers.Serializer[Any]], instance: object) -> dict[str, Any]:
    """Return the JSON of an object as its serializer defines it.

    All calls share one instance of the serializer, which has no context. To make an instance takes
    about 40 times as long as to render an object, because it copies every field.
    """
    row: dict[str, Any] = _shared(serializer).to_representation(instance)
    return row


@cache
def _shared(serializer: type[serializers.Serializer[Any]]) -> serializers.Serializer[Any]:
    return serializer()


def list_columns(
    serializer: type[serializers.Serializer[Any]], **expressions: Any
) -> dict[str, Any]:
    """Return the database column or expression that a list reads for each field of a serializer.

    It is the `source` of the field, unless `expressions` has another one.
    """
    return {
        name: expressions.get(name, str(field.source).replace(".", "__"))
        for name, field in serializer().fields.items()
    }


def export_columns(
    serializer: type[serializers.Serializer[Any]], columns: Mapping[str, Any]
) -> tuple[Column, ...]:
    """Return the columns of an export, each written as the class of its field requires."""
    return tuple(
        Column(name, columns[name], _cell(field)) for name, field in serializer().fields.items()
    )


def _cell(field: serializers.Field[Any, Any, Any, Any]) -> str:
    if isinstance(field, UserTextField):
        return Cell.USER_TEXT
    if isinstance(field, TimestampField):
        return Cell.TIMESTAMP
    return Cell.BOOLEAN if isinstance(field, serializers.BooleanField) else Cell.PLAIN
