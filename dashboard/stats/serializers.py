"""Parameters of the statistics endpoints, and the signed-in user as JSON."""

from typing import Any

from rest_framework import serializers

from accounts.models import User
from bags.querysets import visible_area_ids
from dashboard.business_days import PERIODS
from dashboard.stats.queries import STATS


class OverviewIn(serializers.Serializer[Any]):
    """Filters of the dashboard: an area, and the period of the fields that have one."""

    area = serializers.CharField(max_length=32, default=None)
    period = serializers.ChoiceField(list(PERIODS), default="today")


class BatchStatsIn(serializers.Serializer[Any]):
    """The requested statistics, and the codes of the batches to limit them to."""

    stats = serializers.ListField(
        child=serializers.ChoiceField(STATS), min_length=1, max_length=len(STATS)
    )
    batches = serializers.ListField(
        child=serializers.CharField(max_length=64), allow_null=True, max_length=100, default=None
    )


class CacheClearIn(serializers.Serializer[Any]):
    """The cache entries to remove: a namespace, a colon, and a glob, such as `dashboard:*`."""

    pattern = serializers.CharField(max_length=128)


def user_json(user: User) -> dict[str, Any]:
    """Return the JSON of a user: names, role, permissions and areas."""
    return {
        "username": user.username,
        "first_name": user.first_name,
        "last_name": user.last_name,
        "role": user.role,
        "permissions": sorted(user.get_all_permissions()),
        "all_areas": visible_area_ids(user) is None,
        "areas": list(user.areas.order_by("code").values_list("code", flat=True)),
    }
