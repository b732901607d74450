"""The usual approach to compare with: count the tables, page by OFFSET."""

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Count, Q
from django.db.models.functions import ExtractHour, TruncDate
from rest_framework import pagination, serializers, viewsets

from bags.models import Bag, Batch
from dashboard.business_days import business_day
from scans.models import Scan


def dashboard(now: datetime) -> dict[str, Any]:
    """Return the numbers of the dashboard, each counted over the whole table."""
    today = business_day(now)
    days = Scan.objects.annotate(day=TruncDate("scanned_at", tzinfo=_zone()))
    return {
        "bags": _bags(),
        "scans": _scans(days, today),
        "batches": {
            "total": Batch.objects.count(),
            **{state: Batch.objects.filter(state=state).count() for state in ("open", "closed")},
            "held": Batch.objects.filter(held=True).count(),
        },
        "by_area": _by_area(days.filter(day=today)),
        **_charts(days, today),
        "recent_activity": list(
            Scan.objects.select_related("bag", "area", "actor").order_by("-id")[:10]
        ),
    }


def _bags() -> dict[str, int]:
    children = Bag.objects.filter(kind="child")
    return {
        "parent": Bag.objects.filter(kind="parent").count(),
        "child": children.count(),
        "total": Bag.objects.count(),
        "loose": children.filter(parent=None).count(),
        "incomplete": Bag.objects.filter(kind="parent", state="open").count(),
    }


def _scans(days: Any, today: date) -> dict[str, int]:
    week = days.filter(day__gt=today - timedelta(days=7), day__lte=today)
    return {
        "total": Scan.objects.count(),
        "today": days.filter(day=today).count(),
        "week": week.count(),
        "active_users": week.aggregate(n=Count("actor", distinct=True))["n"],
    }


def _charts(days: Any, today: date) -> dict[str, Any]:
    month = days.filter(day__gt=today - timedelta(days=30))
    hours = days.filter(day__gte=today - timedelta(days=1)).annotate(
        hour=ExtractHour("scanned_at", tzinfo=_zone())
    )
    people = days.filter(day=today).values("actor__username").annotate(n=Count("id"))
    return {
        "by_day": list(month.values("day").annotate(n=Count("id"))),
        "by_hour": list(hours.values("day", "hour").annotate(n=Count("id"))),
        "top_operators": list(people.order_by("-n")[:10]),
    }


def _by_area(scans_today: Any) -> list[list[dict[str, Any]]]:
    loose = Q(kind="child", parent=None)
    bags = Bag.objects.values("area__code").annotate(
        holding=Count("id", filter=Q(kind="parent")),
        held=Count("id", filter=Q(kind="child")),
        lying=Count("id", filter=loose),
        unfilled=Count("id", filter=Q(kind="parent", state="open")),
    )
    return [list(bags), list(scans_today.values("area__code").annotate(n=Count("id")))]


def _zone() -> ZoneInfo:
    return ZoneInfo(settings.BUSINESS_TIME_ZONE)


class Pages(pagination.PageNumberPagination):
    page_size = 100


class BagOut(serializers.ModelSerializer):
    """The columns of a list of bags."""

    bag_type = serializers.SlugRelatedField("name", read_only=True)  # type: ignore[var-annotated]
    batch = serializers.SlugRelatedField("code", read_only=True)  # type: ignore[var-annotated]
    area = serializers.SlugRelatedField("code", read_only=True)  # type: ignore[var-annotated]
    bound_for = serializers.SlugRelatedField("code", read_only=True)  # type: ignore[var-annotated]
    parent = serializers.SlugRelatedField("code", read_only=True)  # type: ignore[assignment, var-annotated]

    class Meta:
        model = Bag
        fields = (
            "id", "code", "kind", "bag_type", "batch", "area", "bound_for", "state", "parent",
            "child_count", "capacity", "weight",
        )  # fmt: skip


class Bags(viewsets.ModelViewSet[Bag]):
    """A list of bags as in the DRF tutorial, with select_related."""

    queryset = Bag.objects.select_related(
        "bag_type", "batch", "area", "bound_for", "parent"
    ).order_by("id")
    serializer_class = BagOut
    pagination_class = Pages
    authentication_classes = ()
    permission_classes = ()
