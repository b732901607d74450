"""What requests for numbers may say, and people as JSON."""

from typing import Any

from rest_framework import serializers

from accounts.models import User
from bags.querysets import visible_area_ids
from dashboard.business_days import PERIODS
from dashboard.stats.queries import STATS


class OverviewIn(serializers.Serializer[Any]):
    """What narrows the dashboard: one area, and the period of what has one."""

    area = serializers.CharField(max_length=32, default=None)
    period = serializers.ChoiceField(list(PERIODS), default="today")


class BatchStatsIn(serializers.Serializer[Any]):
    """Which statistics, and of which batches."""

    stats = serializers.ListField(
        child=serializers.ChoiceField(STATS), min_length=1, max_length=len(STATS)
    )
    batches = serializers.ListField(
        child=serializers.CharField(max_length=64), allow_null=True, max_length=100, default=None
    )


class CacheClearIn(serializers.Serializer[Any]):
    """Which answers to forget: a namespace, a colon, and a glob, such as dashboard:*."""

    pattern = serializers.CharField(max_length=128)


def person_json(person: User) -> dict[str, Any]:
    """Who somebody is, what the account may do, and in which areas it works."""
    return {
        "username": person.username,
        "first_name": person.first_name,
        "last_name": person.last_name,
        "role": person.role,
        "permissions": sorted(person.get_all_permissions()),
        "all_areas": visible_area_ids(person) is None,
        "areas": list(person.areas.order_by("code").values_list("code", flat=True)),
    }
