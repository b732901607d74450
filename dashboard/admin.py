"""Admin pages that show the dashboard counters to users who may view the system page."""

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest

from dashboard.models import (
    BagDay,
    BagPending,
    BagTally,
    BatchDay,
    BatchPending,
    BatchTally,
    ScanPending,
    ScanTally,
)
from tracetrack.admin_bases import ReadOnlyAdmin


class CounterAdmin(ReadOnlyAdmin):
    """Read-only: triggers maintain the counters, and `check_counters --repair` corrects them."""

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return request.user.has_perm("accounts.view_system")

    def has_module_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("accounts.view_system")


@admin.register(BagTally, BagPending)
class BagCounterAdmin(CounterAdmin):
    list_display = ("kind", "bag_type", "area", "bound_for", "state", "total")
    list_select_related = ("bag_type", "area", "bound_for")
    ordering = ("-id",)


@admin.register(BagDay)
class BagDayAdmin(CounterAdmin):
    list_display = ("day", "kind", "bag_type", "area", "bound_for", "state", "total")
    list_select_related = ("bag_type", "area", "bound_for")
    ordering = ("-id",)


@admin.register(BatchDay)
class BatchDayAdmin(CounterAdmin):
    list_display = ("day", "state", "held", "total")
    ordering = ("-id",)


@admin.register(BatchTally, BatchPending)
class BatchCounterAdmin(CounterAdmin):
    list_display = ("state", "held", "total")
    ordering = ("-id",)


@admin.register(ScanTally)
class ScanTallyAdmin(CounterAdmin):
    list_display = ("grain", "day", "hour", "area", "step", "actor", "total")
    list_select_related = ("area", "actor")
    ordering = ("-id",)


@admin.register(ScanPending)
class ScanPendingAdmin(CounterAdmin):
    list_display = ("day", "hour", "area", "step", "actor", "total")
    list_select_related = ("area", "actor")
    ordering = ("-id",)
