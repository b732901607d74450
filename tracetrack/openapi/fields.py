"""AnyOfField: an output field that has one of several forms."""

from typing import Any

from drf_spectacular.extensions import OpenApiSerializerFieldExtension
from rest_framework import serializers


class AnyOfField(serializers.Field[Any, Any, Any, Any]):
    """A field whose value fits any of the `alternatives`, which are fields or serializers."""

    def __init__(
        self, *alternatives: serializers.Field[Any, Any, Any, Any], **options: Any
    ) -> None:
        super().__init__(**options)
        self.alternatives = alternatives

    def to_representation(self, value: Any) -> Any:
        return value


class AnyOfExtension(OpenApiSerializerFieldExtension):
    """Tells drf-spectacular how to describe an AnyOfField."""

    target_class = AnyOfField

    def map_serializer_field(self, auto_schema: Any, direction: Any) -> dict[str, Any]:
        alternatives = self.target.alternatives
        return {
            "anyOf": [auto_schema._map_serializer_field(one, direction) for one in alternatives]
        }
