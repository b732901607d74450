"""The audit log in the admin."""

from django.contrib import admin

from audit.models import AuditEntry
from tracetrack.admin_bases import ReadOnlyAdmin


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    """Audit entries, searched by exact subject. Index: audit_of_subject."""

    list_display = ("at", "actor_name", "action", "subject", "request_id")
    search_fields = ("subject__exact",)
    search_help_text = "The exact subject, such as “batch LOT-1”"
    ordering = ("-id",)
