"""The words in which an endpoint says what it takes and answers: shapes of JSON, and examples.

Each app has a table in described.py, from a method and a route to what is Told of it.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from rest_framework import serializers

from tracetrack.errors.problem import Problem

Shape = dict[str, Any]

TEXT: Shape = {"type": "string"}
INTEGER: Shape = {"type": "integer"}
COUNT: Shape = {"type": "integer", "minimum": 0}
NUMBER: Shape = {"type": "number"}
FLAG: Shape = {"type": "boolean"}
MOMENT: Shape = {"type": "string", "format": "date-time"}
DAY: Shape = {"type": "string", "format": "date"}
REF: Shape = {"type": "string", "format": "uuid"}
WEIGHT: Shape = {"type": "string", "pattern": r"^\d+\.\d{3}$", "description": "kg"}
ANYTHING: Shape = {"type": "object"}


def one_of(values: Collection[str]) -> Shape:
    """One of these words."""
    return {"type": "string", "enum": [str(value) for value in values]}


def some_of(values: Collection[str]) -> Shape:
    """Some of these words, none twice."""
    return rows(one_of(values)) | {"minItems": 1, "uniqueItems": True}


def maybe(shape: Shape) -> Shape:
    """`shape`, or null."""
    if "enum" in shape:
        return shape | {"type": ["string", "null"], "enum": [*shape["enum"], None]}
    if isinstance(shape.get("type"), str):
        return shape | {"type": [shape["type"], "null"]}
    return {"anyOf": [shape, {"type": "null"}]}


def rows(shape: Shape) -> Shape:
    """A list of such."""
    return {"type": "array", "items": shape}


def record(fields: Mapping[str, Shape], *, optional: Collection[str] = ()) -> Shape:
    """An object with these fields and no others; all are there but the optional ones."""
    return {
        "type": "object",
        "properties": dict(fields),
        "required": [name for name in fields if name not in optional],
        "additionalProperties": False,
    }


def keyed(shape: Shape) -> Shape:
    """An object from names that nobody knows beforehand to such."""
    return {"type": "object", "additionalProperties": shape}


def names(shape: Shape) -> tuple[str, ...]:
    """The names of the fields of a record."""
    return tuple(shape["properties"])


def sparse(shape: Shape) -> Shape:
    """A record of which some fields are there: those that `fields` names."""
    return {name: part for name, part in shape.items() if name != "required"} | {"minProperties": 1}


def with_some(shapes: Mapping[str, Shape]) -> dict[str, Shape]:
    """These shapes, and beside each one of them of which some fields are there."""
    return {**shapes, **{f"SomeOf{name}": sparse(shape) for name, shape in shapes.items()}}


def some(name: str) -> Shape:
    """The shape with this name, or with `fields` some of it."""
    return {"anyOf": [named(name), named(f"SomeOf{name}")]}


def walked(shape: Shape) -> Shape:
    """One page of a list, with the addresses of the next and of the previous one.

    `total` is how many there are in all, where counters know it.
    """
    ways = {"next": maybe(TEXT), "previous": maybe(TEXT), "total": COUNT}
    return record({"results": rows(shape), **ways}, optional=["total"])


def named(name: str) -> Shape:
    """The shape that a table lists under this name in its SHAPES."""
    return {"$ref": f"#/components/schemas/{name}"}


def leading(to: Collection[str], **values: str) -> dict[str, dict[str, str]]:
    """An answer leads to these, which take these of its values: where each stands in it."""
    found = {
        name: at if at.startswith("$") else f"$response.body#/{at}" for name, at in values.items()
    }
    return dict.fromkeys(to, found)


@dataclass(frozen=True, slots=True)
class Told:
    """What one method of one endpoint is told, and what it answers."""

    summary: str
    group: str
    answer: Shape
    # An answer as it comes, and what is asked for it: values of the path and the query, a body.
    example: Any
    asked: Mapping[str, Any] = field(default_factory=dict)
    body: Shape | type[serializers.Serializer[Any]] | None = None
    sent: Any = None
    # Statuses of success; and media types beside JSON, of the answer or of the body.
    statuses: Collection[int] = (200,)
    forms: Collection[str] = ()
    sent_forms: Collection[str] = ()
    refusals: Collection[type[Problem]] = ()
    # Where an answer leads: what else can be asked for, with which of its values.
    leads: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    description: str = ""


Table = dict[str, Told]
