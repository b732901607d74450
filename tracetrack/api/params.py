"""Reading what a request says: its query parameters, and the fields of its body."""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

from rest_framework import serializers
from rest_framework.request import Request

from tracetrack.errors.http import BadField, UnknownParameter, first_field_error
from tracetrack.text_cleaning import clean_text

# The parameter that chooses which fields of a resource an answer shows.
FIELDS_PARAMETER = "fields"
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
# What a value of JSON must be, for a field of this kind.
TYPES: list[tuple[type[Any], Callable[[Any], bool], str]] = [
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
    """A text that people read: kept without what nobody sees. With `lines`, in several lines."""

    def __init__(self, *, lines: bool = False, **options: Any) -> None:
        self.lines = lines
        super().__init__(**options)

    def run_validation(self, data: Any = serializers.empty) -> Any:
        seen = clean_text(data, lines=self.lines) if isinstance(data, str) else data
        return super().run_validation(seen)


class NoParams(serializers.Serializer[Any]):
    """No parameters at all."""


def parse_params(
    reader: type[serializers.Serializer[Any]], given: Mapping[str, Any], *, partial: bool = False
) -> dict[str, Any]:
    """`given` as `reader` understands it. Raises BadField for what is unknown or unreadable.

    With `partial`, what is not given is left out, not missed.
    """
    serializer = reader(data=dict(given), partial=partial)
    for name in given:
        if name not in serializer.fields:
            raise BadField(field=name[:64], reason="is not a field of this request")
    if not serializer.is_valid():
        raise first_field_error(serializer.errors)
    return dict(serializer.validated_data)


def parse_json_fields(
    reader: type[serializers.Serializer[Any]], given: Mapping[str, Any], *, partial: bool = False
) -> dict[str, Any]:
    """As read(), from JSON: what is of another type than it should be is not guessed at."""
    for name, field in reader().fields.items():
        value = given.get(name)
        if value is not None:
            _check_type(name, field, value)
    return parse_params(reader, given, partial=partial)


def _check_type(name: str, field: Any, value: Any) -> None:
    for kind, fits, reason in TYPES:
        if isinstance(field, kind) and not fits(value):
            raise BadField(field=name, reason=reason)
    if isinstance(field, serializers.ListField) and isinstance(value, list):
        for n, one in enumerate(value):
            _check_type(f"{name}.{n}", field.child, one)


def query_values(request: Request, known: Sequence[str]) -> dict[str, str]:
    """The query parameters, each of which is one of the known and there but once.

    Raises UnknownParameter, BadField.
    """
    given: dict[str, str] = {}
    for name, values in request.query_params.lists():
        if name not in known:
            raise UnknownParameter(parameter=_printable(name), known=list(known))
        if len(values) > 1:
            raise BadField(field=name, reason="is given more than once")
        given[name] = values[0]
    return given


@cache
def field_names(reader: type[serializers.Serializer[Any]]) -> tuple[str, ...]:
    """The names that `reader` reads."""
    return tuple(reader().fields)


def select_names(given: str | None, among: Sequence[str]) -> Sequence[str] | None:
    """The names, with commas between them, that are `given`; None where none are.

    In the order of `among`; raises BadField for one that is not there or stands twice.
    """
    if given is None:
        return None
    wanted = given.split(",")
    for name in wanted:
        if name not in among:
            reason = f"“{_printable(name)}” is none of {', '.join(among)}"
            raise BadField(field=FIELDS_PARAMETER, reason=reason)
    if len(wanted) > len(set(wanted)):
        raise BadField(field=FIELDS_PARAMETER, reason="names one twice")
    return [name for name in among if name in wanted]


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text[:64])
