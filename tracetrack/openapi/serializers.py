"""Serializers for the parts of responses that all endpoints share."""

from typing import Any

from rest_framework import serializers


class ProblemSerializer(serializers.Serializer[Any]):
    """An error as RFC 9457 defines it. `code` is stable; `facts` has the values in the text."""

    type = serializers.URLField()
    title = serializers.CharField()
    detail = serializers.CharField()
    status = serializers.IntegerField()
    code = serializers.CharField()
    remedy = serializers.CharField(required=False)
    facts = serializers.DictField()
    instance = serializers.CharField()
    request_id = serializers.CharField()
