"""Questions to one table: webhooks, events, deliveries."""

from datetime import datetime
from typing import TYPE_CHECKING, Any, Self

from django.db.models import Exists, OuterRef, QuerySet

if TYPE_CHECKING:
    from accounts.models import User
    from webhooks.models import Webhook


class WebhookQuerySet(QuerySet["Webhook"]):
    """Webhooks, narrowed and ordered."""

    def of(self, owner: "User") -> Self:
        """Those of one owner that have not ended, oldest first. Index: webhook_of_owner."""
        return self.filter(owner=owner).exclude(state="ended").order_by("id")

    def active(self) -> Self:
        """Those that are told of what happens. Index: webhook_active."""
        return self.filter(state="active").order_by("id")


# The type checker finds only the first model of a module that is named here.
class EventQuerySet(QuerySet[Any]):
    """Events of the outbox, narrowed and ordered."""

    def unmatched(self) -> Self:
        """What nobody has looked at yet, in the order in which it happened.

        Index: webhook_event_unmatched.
        """
        return self.filter(matched_at=None).order_by("id")

    def before(self, moment: datetime) -> Self:
        """What happened before. Index: webhook_event_at."""
        return self.filter(at__lt=moment).order_by("at")


class DeliveryQuerySet(QuerySet[Any]):
    """Deliveries, narrowed and ordered."""

    def log_of(self, webhook: "Webhook") -> Self:
        """All of a webhook, newest first. Index: webhook_delivery_log."""
        return self.filter(webhook=webhook).order_by("-id")

    def waiting(self, *, webhook: int, lane: int) -> Self:
        """What still has to go out in a lane, oldest first. Index: webhook_delivery_waiting."""
        return self.filter(webhook=webhook, lane=lane, state="waiting").order_by("id")

    def due(self, moment: datetime) -> Self:
        """What may go out now: its time has come, and nothing older waits for the same subject.

        Index: webhook_delivery_in_order.
        """
        older = self.model.objects.filter(
            webhook=OuterRef("webhook"),
            subject=OuterRef("subject"),
            state="waiting",
            id__lt=OuterRef("id"),
        )
        return self.filter(~Exists(older), due_at__lte=moment)
