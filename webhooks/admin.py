"""Admin pages of webhooks: read-only, except that administrators can pause a webhook."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from procrastinate.contrib.django.models import ProcrastinateJob

from accounts.models import User
from tracetrack.admin_bases import ReadOnlyAdmin
from webhooks.actions import pause_webhook
from webhooks.models import Delivery, Event, Webhook

# Jobs only trigger work; the pages of events and deliveries show what is pending.
admin.site.unregister(ProcrastinateJob)


@admin.register(Webhook)
class WebhookAdmin(ReadOnlyAdmin):
    list_display = ("id", "name", "owner", "url", "state", "paused_why", "failures", "created_at")
    list_select_related = ("owner",)
    list_filter = ("state",)
    exclude = ("secret_seed", "previous_secret_seed", "fingerprint")
    ordering = ("-id",)
    actions = ("pause",)

    @admin.action(description="Pause", permissions=["pause"])
    def pause(self, request: HttpRequest, webhooks: QuerySet[Webhook]) -> None:
        assert isinstance(request.user, User)
        for webhook in webhooks:
            why = f"Paused by {request.user.username}."
            pause_webhook(webhook, why=why, actor=request.user)
        self.message_user(request, "Paused.", messages.SUCCESS)

    def has_pause_permission(self, request: HttpRequest) -> bool:
        """Return whether the user may pause the webhooks of other users."""
        return request.user.has_perm("webhooks.change_webhook")


@admin.register(Delivery)
class DeliveryAdmin(ReadOnlyAdmin):
    list_display = (
        "id", "webhook", "event", "state", "attempts", "status", "error", "created_at", "tried_at",
    )  # fmt: skip
    list_select_related = ("webhook", "event")
    list_filter = ("webhook",)
    ordering = ("-id",)


@admin.register(Event)
class EventAdmin(ReadOnlyAdmin):
    list_display = ("id", "kind", "uid", "occurred_at", "matched_at")
    # There are too many bags and scans for a select box.
    raw_id_fields = ("bag", "batch", "scan")
    ordering = ("-id",)
