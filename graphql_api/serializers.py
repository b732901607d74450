"""Serializers that describe the response of the GraphQL endpoint.

The OpenAPI document shows the docstrings of the serializers as descriptions.
"""

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers


class QueryErrorExtensionsSerializer(serializers.Serializer[Any]):
    """The code of an error, what to do, and the values in its message."""

    code = serializers.CharField()
    remedy = serializers.CharField()
    facts = serializers.DictField()


class QueryErrorSerializer(serializers.Serializer[Any]):
    """An error of a query, with the path of the field that caused it."""

    message = serializers.CharField()
    path = serializers.ListField(child=serializers.CharField(), required=False)
    extensions = QueryErrorExtensionsSerializer()


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "Bag",
            {
                "data": {
                    "bag": {
                        "code": "SB10001",
                        "state": "open",
                        "children": {
                            "nodes": [
                                {"code": "CB001000101", "batch": None},
                                {"code": "CB001000102", "batch": None},
                            ]
                        },
                    }
                }
            },
        )
    ]
)
class QueryResultSerializer(serializers.Serializer[Any]):
    """The result of a query: its data, or its errors."""

    data = serializers.DictField(allow_null=True, required=False)  # type: ignore[assignment]
    errors = QueryErrorSerializer(many=True, required=False)  # type: ignore[assignment]
