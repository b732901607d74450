"""Querysets of webhooks, outbox events and deliveries."""

from datetime import datetime
from typing import TYPE_CHECKING, Any, Self

from django.db.models import Exists, OuterRef, QuerySet

if TYPE_CHECKING:
    from accounts.models import User
    from webhooks.models import Webhook


class WebhookQuerySet(QuerySet["Webhook"]):
    """Queries on webhooks."""

    def owned_by(self, owner: "User") -> Self:
        """Return the owner's webhooks that have not ended, oldest first.

        Index: webhook_by_owner.
        """
        return self.filter(owner=owner).exclude(state="ended").order_by("id")

    def active(self) -> Self:
        """Return the webhooks that receive events. Index: webhook_active."""
        return self.filter(state="active").order_by("id")


# QuerySet[Any]: mypy resolves only the first model of a module that is named as a string here.
class EventQuerySet(QuerySet[Any]):
    """Queries on events of the outbox."""

    def unmatched(self) -> Self:
        """Return the events without deliveries so far, oldest first.

        Index: webhook_event_unmatched.
        """
        return self.filter(matched_at=None).order_by("id")

    def before(self, instant: datetime) -> Self:
        """Return the events that occurred before `instant`. Index: webhook_event_by_time."""
        return self.filter(occurred_at__lt=instant).order_by("occurred_at")


class DeliveryQuerySet(QuerySet[Any]):
    """Queries on deliveries."""

    def log_of(self, webhook: "Webhook") -> Self:
        """Return all deliveries of a webhook, newest first. Index: webhook_delivery_log."""
        return self.filter(webhook=webhook).order_by("-id")

    def waiting(self, *, webhook: int, partition: int) -> Self:
        """Return the unsent deliveries of a partition, oldest first.

        Index: webhook_delivery_waiting.
        """
        return self.filter(webhook=webhook, partition=partition, state="waiting").order_by("id")

    def due(self, now: datetime) -> Self:
        """Return the deliveries to send now: due, and no older one of the same subject is waiting.

        Index: webhook_delivery_in_order.
        """
        older = self.model.objects.filter(
            webhook=OuterRef("webhook"),
            subject=OuterRef("subject"),
            state="waiting",
            id__lt=OuterRef("id"),
        )
        return self.filter(~Exists(older), due_at__lte=now)
