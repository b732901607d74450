"""Serializers of requests and responses about statistics and the user's own account.

The OpenAPI document shows the docstrings of the serializers as descriptions.
"""

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from accounts.models import User
from accounts.roles import Role
from bags.api.serializers import ContentsSerializer
from bags.models import Batch
from bags.querysets import visible_area_ids
from dashboard.business_days import PERIODS
from dashboard.stats.queries import STATS
from scans.api.serializers import LatestScanSerializer
from scans.models import Step
from tracetrack.api.fields import CountField, TimestampField
from tracetrack.openapi.fields import AnyOfField

OVERVIEW_EXAMPLE = {
    "success": True,
    "stats": {
        "bags": {"parent": 2, "child": 3, "total": 5, "loose": 0, "incomplete": 2},
        "scans": {"total": 8, "today": 8, "week": 8, "active_users": 1},
        "batches": {"total": 1, "open": 1, "closed": 0, "held": 0},
    },
    "by_area": [
        {
            "area": "lucknow", "name": "Lucknow", "parents": 1, "children": 2, "loose": 0,
            "incomplete": 1, "on_the_way": 0, "scans_today": 5, "scans": 5,
        }
    ],
    "by_day": [{"day": "2026-11-23", "scans": 8}],
    "by_hour": [{"hour": 0, "today": 0, "yesterday": 0}],
    "top_operators": [{"username": "asha", "scans": 8}],
    "funnel": [
        {"step": "register", "scans": 5},
        {"step": "link", "scans": 3},
        {"step": "complete", "scans": 0},
        {"step": "dispatch", "scans": 0},
        {"step": "receive", "scans": 0},
    ],
    "yesterday": {
        "bags": {"parent": 0, "child": 0, "total": 0, "loose": 0, "incomplete": 0},
        "scans": {"total": 0, "today": 0, "week": 0, "active_users": 0},
        "batches": {"total": 1, "open": 1, "closed": 0, "held": 0},
    },
    "pace": {"until_hour": 19, "today": 0, "yesterday": 0},
    "recent_activity": [],
    "generated_at": "2026-11-23T14:27:46.120000+00:00",
    "area": None,
    "period": {
        "name": "today", "first": "2026-11-23", "last": "2026-11-23", "scans": 8,
        "active_users": 1,
    },
    "response_time_ms": 4.031,
    "cached": False,
}  # fmt: skip
STATISTICS_EXAMPLE = {
    "success": True,
    "batches": [
        {
            "code": "LOT-1", "product": "Mustard", "variety": "", "state": "open", "held": False,
            "planned_bags": 0, "progress": None,
        }
    ],
    "generated_at": "2026-11-23T14:27:46.120000+00:00",
}  # fmt: skip


class OverviewIn(serializers.Serializer[Any]):
    """Filters of the dashboard: an area, and the period of the fields that have one."""

    area = serializers.CharField(max_length=32, default=None)
    period = serializers.ChoiceField(list(PERIODS), default="today")


@extend_schema_serializer(
    examples=[OpenApiExample("Batches", {"stats": ["batches"], "batches": ["LOT-1"]})]
)
class BatchStatsIn(serializers.Serializer[Any]):
    """The requested statistics, and the codes of the batches to limit them to."""

    stats = serializers.ListField(
        child=serializers.ChoiceField(STATS), min_length=1, max_length=len(STATS)
    )
    batches = serializers.ListField(
        child=serializers.CharField(max_length=64), allow_null=True, max_length=100, default=None
    )


@extend_schema_serializer(examples=[OpenApiExample("Dashboard", {"pattern": "dashboard:*"})])
class CacheClearIn(serializers.Serializer[Any]):
    """The cache entries to remove: a namespace, a colon, and a glob, such as `dashboard:*`."""

    pattern = serializers.CharField(max_length=128)


class DayScansSerializer(serializers.Serializer[Any]):
    """The number of scans of a day."""

    day = serializers.DateField()
    scans = CountField()


class HourScansSerializer(serializers.Serializer[Any]):
    """The number of scans in one hour of today and of yesterday."""

    hour = serializers.IntegerField(min_value=0, max_value=23)
    today = CountField()
    yesterday = CountField()


class StepScansSerializer(serializers.Serializer[Any]):
    """The number of scans with one step."""

    step = serializers.ChoiceField(Step.choices)
    scans = CountField()


class OperatorScansSerializer(serializers.Serializer[Any]):
    """The number of scans of one user."""

    username = serializers.CharField()
    scans = CountField()


class BagTotalsSerializer(serializers.Serializer[Any]):
    """The numbers of bags."""

    parent = CountField()  # type: ignore[assignment]
    child = CountField()
    total = CountField()
    loose = CountField()
    incomplete = CountField()


class ScanTotalsSerializer(serializers.Serializer[Any]):
    """The numbers of scans, and of users who scanned in the last 7 days."""

    total = CountField()
    today = CountField()
    week = CountField()
    active_users = CountField()


class BatchTotalsSerializer(serializers.Serializer[Any]):
    """The numbers of batches."""

    total = CountField()
    open = CountField()
    closed = CountField()
    held = CountField()


class TotalsSerializer(serializers.Serializer[Any]):
    """The numbers of bags, scans and batches."""

    bags = BagTotalsSerializer()
    scans = ScanTotalsSerializer()
    batches = BatchTotalsSerializer()


class AreaTotalsSerializer(serializers.Serializer[Any]):
    """The numbers of bags and scans in one area."""

    area = serializers.CharField()
    name = serializers.CharField()
    parents = CountField()
    children = CountField()
    loose = CountField()
    incomplete = CountField()
    on_the_way = CountField()
    scans_today = CountField()
    scans = CountField()


class PaceSerializer(serializers.Serializer[Any]):
    """The numbers of scans up to the same hour of today and of yesterday."""

    until_hour = CountField()
    today = CountField()
    yesterday = CountField()


class PeriodSerializer(serializers.Serializer[Any]):
    """The period of the request, its scans and the users who scanned."""

    name = serializers.ChoiceField(list(PERIODS))
    first = serializers.DateField()
    last = serializers.DateField()
    scans = CountField()
    active_users = CountField()


@extend_schema_serializer(examples=[OpenApiExample("Overview", OVERVIEW_EXAMPLE)])
class OverviewSerializer(serializers.Serializer[Any]):
    """The statistics of the dashboard, and the ten latest scans."""

    success = serializers.BooleanField()
    stats = TotalsSerializer()
    by_area = AreaTotalsSerializer(many=True)
    by_day = DayScansSerializer(many=True)
    by_hour = HourScansSerializer(many=True)
    top_operators = OperatorScansSerializer(many=True)
    funnel = StepScansSerializer(many=True)
    yesterday = TotalsSerializer()
    pace = PaceSerializer()
    recent_activity = LatestScanSerializer(many=True)
    generated_at = TimestampField()
    area = serializers.CharField(allow_null=True)
    period = PeriodSerializer()
    response_time_ms = serializers.FloatField()
    cached = serializers.BooleanField()


class BatchProgressSerializer(serializers.Serializer[Any]):
    """A batch, and the share of its planned bags that exist."""

    code = serializers.CharField()
    product = serializers.CharField()
    variety = serializers.CharField()
    state = serializers.ChoiceField(Batch.State.choices)
    held = serializers.BooleanField()
    planned_bags = CountField()
    progress = serializers.FloatField(allow_null=True)


class UserActivitySerializer(serializers.Serializer[Any]):
    """The users who scanned in the last 7 days, and those with the most scans."""

    active_users = CountField()
    top_operators = OperatorScansSerializer(many=True)


class ActivitySerializer(serializers.Serializer[Any]):
    """The numbers of scans by day, hour and step."""

    total = CountField()
    today = CountField()
    week = CountField()
    by_day = DayScansSerializer(many=True)
    by_hour = HourScansSerializer(many=True)
    by_step = StepScansSerializer(many=True)


@extend_schema_serializer(examples=[OpenApiExample("Batches", STATISTICS_EXAMPLE)])
class StatisticsSerializer(serializers.Serializer[Any]):
    """The requested statistics; with `batches`, those of each batch."""

    success = serializers.BooleanField()
    bags = AnyOfField(
        BagTotalsSerializer(), serializers.DictField(child=ContentsSerializer()), required=False
    )
    users = UserActivitySerializer(required=False)
    activity = ActivitySerializer(required=False)
    batches = AnyOfField(
        BatchTotalsSerializer(), BatchProgressSerializer(many=True), required=False
    )
    generated_at = TimestampField()


@extend_schema_serializer(
    component_name="Person",
    examples=[
        OpenApiExample(
            "Operator",
            {
                "username": "asha", "first_name": "Asha", "last_name": "", "role": "operator",
                "permissions": ["bags.view_bag", "scans.add_scan"], "all_areas": False,
                "areas": ["lucknow"],
            },
        )
    ],
)  # fmt: skip
class CurrentUserSerializer(serializers.Serializer[User]):
    """The user of the request, with permissions and areas."""

    username = serializers.CharField()
    first_name = serializers.CharField()
    last_name = serializers.CharField()
    role = serializers.ChoiceField(Role.choices)
    permissions = serializers.SerializerMethodField()
    all_areas = serializers.SerializerMethodField()
    areas = serializers.SerializerMethodField()

    def get_permissions(self, user: User) -> list[str]:
        """Return the permissions of the user."""
        return sorted(user.get_all_permissions())

    def get_all_areas(self, user: User) -> bool:
        """Return whether the user sees all areas."""
        return visible_area_ids(user) is None

    def get_areas(self, user: User) -> list[str]:
        """Return the codes of the areas in which the user works."""
        return list(user.areas.order_by("code").values_list("code", flat=True))


@extend_schema_field(
    {
        "type": "object",
        "propertyNames": {"type": "string", "enum": list(Step.values)},
        "additionalProperties": {"type": "integer", "minimum": 0},
    }
)
class StepCountsField(serializers.DictField):
    """The numbers of scans by step."""


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "Operator",
            {
                "username": "asha", "total": 812, "today": 40, "week": 211,
                "by_step": {"link": 790, "complete": 22},
            },
        )
    ]
)  # fmt: skip
class UserStatisticsSerializer(serializers.Serializer[Any]):
    """The numbers of scans by the user of the request."""

    username = serializers.CharField()
    total = CountField()
    today = CountField()
    week = CountField()
    by_step = StepCountsField()


@extend_schema_serializer(
    examples=[
        OpenApiExample("Dashboard", {"success": True, "pattern": "dashboard:*", "cleared": 3})
    ]
)
class CacheClearedSerializer(serializers.Serializer[Any]):
    """The number of cache entries that were deleted."""

    success = serializers.BooleanField()
    pattern = serializers.CharField()
    cleared = CountField()


@extend_schema_serializer(examples=[OpenApiExample("Reset", {"success": True, "closed": 17})])
class PoolResetSerializer(serializers.Serializer[Any]):
    """The number of database connections that were closed."""

    success = serializers.BooleanField()
    closed = CountField()
