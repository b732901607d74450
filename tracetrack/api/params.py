"""Strict parsing of query parameters and of the fields of JSON bodies, with DRF serializers."""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

from rest_framework import serializers
from rest_framework.request import Request

from tracetrack.errors.http import BadField, UnknownParameter, first_field_error
from tracetrack.text_cleaning import clean_text, printable

# The query parameter that selects fields of the response.
FIELDS_PARAMETER = "fields"
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
# The JSON type that each serializer field requires: DRF alone accepts "1" or "yes" for true.
JSON_TYPES: list[tuple[type[Any], Callable[[Any], bool], str]] = [
    (serializers.BooleanField, lambda value: isinstance(value, bool), "is neither true nor false"),
    (
        serializers.IntegerField,
        lambda value: isinstance(value, int | float) and not isinstance(value, bool),
        "is not a number",
    ),
    (
        serializers.DateField,
        lambda value: isinstance(value, str) and bool(DAY.fullmatch(value)),
        "is not a day, written YYYY-MM-DD",
    ),
    (serializers.CharField, lambda value: isinstance(value, str), "is not text"),
]


class CleanTextField(serializers.CharField):
    """Text without control and invisible characters; line breaks stay with `lines`."""

    def __init__(self, *, lines: bool = False, **options: Any) -> None:
        self.lines = lines
        super().__init__(**options)

    def run_validation(self, data: Any = serializers.empty) -> Any:
        cleaned = clean_text(data, lines=self.lines) if isinstance(data, str) else data
        return super().run_validation(cleaned)


class NoParams(serializers.Serializer[Any]):
    """No parameters."""


def parse_params(
    serializer_class: type[serializers.Serializer[Any]],
    values: Mapping[str, Any],
    *,
    partial: bool = False,
) -> dict[str, Any]:
    """Return `values` parsed by the serializer; raises BadField for unknown or invalid ones.

    With `partial`, fields that are missing are left out of the result and are no error.
    """
    serializer = serializer_class(data=dict(values), partial=partial)
    for name in values:
        if name not in serializer.fields:
            raise BadField(field=name[:64], reason="is not a field of this request")
    if not serializer.is_valid():
        raise first_field_error(serializer.errors)
    return dict(serializer.validated_data)


def parse_json_fields(
    serializer_class: type[serializers.Serializer[Any]],
    values: Mapping[str, Any],
    *,
    partial: bool = False,
) -> dict[str, Any]:
    """Return the fields of a JSON object as parse_params() does, without conversion of types."""
    for name, field in serializer_class().fields.items():
        value = values.get(name)
        if value is not None:
            _check_json_type(name, field, value)
    return parse_params(serializer_class, values, partial=partial)


def _check_json_type(name: str, field: Any, value: Any) -> None:
    for field_class, has_type, reason in JSON_TYPES:
        if isinstance(field, field_class) and not has_type(value):
            raise BadField(field=name, reason=reason)
    if isinstance(field, serializers.ListField) and isinstance(value, list):
        for index, item in enumerate(value):
            _check_json_type(f"{name}.{index}", field.child, item)


def query_values(request: Request, known: Sequence[str]) -> dict[str, str]:
    """Return the query parameters by name.

    Raises UnknownParameter for a name that is not in `known`, BadField for one that is repeated.
    """
    values: dict[str, str] = {}
    for name, given in request.query_params.lists():
        if name not in known:
            raise UnknownParameter(parameter=printable(name), known=list(known))
        if len(given) > 1:
            raise BadField(field=name, reason="is given more than once")
        values[name] = given[0]
    return values


@cache
def field_names(serializer_class: type[serializers.Serializer[Any]]) -> tuple[str, ...]:
    """Return the names of the fields of a serializer class."""
    return tuple(serializer_class().fields)


def select_names(text: str | None, known: Sequence[str]) -> Sequence[str] | None:
    """Return the names in a comma-separated text, in the order of `known`; None for None.

    Raises BadField for a name that is unknown or repeated.
    """
    if text is None:
        return None
    names = text.split(",")
    for name in names:
        if name not in known:
            reason = f"“{printable(name)}” is none of {', '.join(known)}"
            raise BadField(field=FIELDS_PARAMETER, reason=reason)
    if len(names) > len(set(names)):
        raise BadField(field=FIELDS_PARAMETER, reason="names one twice")
    return [name for name in known if name in names]
