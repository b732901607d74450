"""The ledger in the Django admin, read-only."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.models import User
from bags.codes import code_or_none
from scans.models import Scan
from tracetrack.admin_bases import CodeSearchAdmin, ReadOnlyAdmin


@admin.register(Scan)
class ScanAdmin(CodeSearchAdmin, ReadOnlyAdmin):
    list_display = (
        "id", "step", "bag", "parent", "outcome", "actor", "area", "station", "scanned_at",
    )  # fmt: skip
    list_select_related = ("bag", "parent", "actor", "area")
    list_filter = ("area",)
    search_fields = ("bag__code",)
    search_help_text = "The whole code of a bag"
    ordering = ("-id",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Scan]:
        assert isinstance(request.user, User)
        return Scan.objects.visible_to(request.user)

    def with_code(self, queryset: QuerySet[Scan], term: str) -> QuerySet[Scan]:
        return queryset.filter(bag__code=code_or_none(term))
