"""What requests for numbers may say."""

from typing import Any

from rest_framework import serializers

from dashboard.queries import STATS


class BatchStatsIn(serializers.Serializer[Any]):
    """Which statistics, and of which batches."""

    stats = serializers.ListField(
        child=serializers.ChoiceField(STATS), allow_empty=False, max_length=len(STATS)
    )
    batches = serializers.ListField(
        child=serializers.CharField(max_length=64), allow_null=True, max_length=100, default=None
    )


class CacheClearIn(serializers.Serializer[Any]):
    """Which answers to forget: a namespace, a colon, and a glob, such as dashboard:*."""

    pattern = serializers.CharField(max_length=128)
