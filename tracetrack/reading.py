"""Reading what a request says: its query parameters, and the fields of its body."""

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers
from rest_framework.request import Request

from tracetrack.problems import BadField, UnknownParameter, first_fault


class Nothing(serializers.Serializer[Any]):
    """No parameters at all."""


def read(
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
        raise first_fault(serializer.errors)
    return dict(serializer.validated_data)


def read_query(reader: type[serializers.Serializer[Any]], request: Request) -> dict[str, Any]:
    """The query parameters as `reader` understands them; raises UnknownParameter, BadField."""
    given: dict[str, str] = {}
    known = list(reader().fields)
    for name, values in request.query_params.lists():
        if name not in known:
            raise UnknownParameter(parameter=_printable(name), known=known)
        if len(values) > 1:
            raise BadField(field=name, reason="is given more than once")
        given[name] = values[0]
    return read(reader, given)


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text[:64])
