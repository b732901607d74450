"""Webhook subscriptions, the outbox of events, and deliveries of events to webhooks."""

import uuid

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from bags.models import Bag, Batch
from scans.models import Scan
from webhooks.querysets import DeliveryQuerySet, EventQuerySet, WebhookQuerySet


class EventType(models.TextChoices):
    """The events that a webhook can subscribe to."""

    SCAN_RECORDED = "scan.recorded", "A scan was recorded"
    PARENT_COMPLETED = "parent.completed", "A parent bag became complete"
    PARENT_DISPATCHED = "parent.dispatched", "A parent bag was dispatched"
    PARENT_RECEIVED = "parent.received", "A parent bag was received"
    BATCH_HELD = "batch.held", "A batch was put on hold"
    BATCH_RELEASED = "batch.released", "A batch was released"


# Sent on request of the owner only; webhooks cannot subscribe to it.
TEST_EVENT = "webhook.test"


# The fields that make up the version of a webhook (its ETag): those that its owner sets. Fields
# that deliveries change are left out.
VERSIONED_FIELDS = (
    "name", "url", "events", "steps", "areas", "bag_types", "batches", "state", "paused_why",
    "secret_seed",
)  # fmt: skip


class Webhook(models.Model):
    """A subscription: which events are sent to which URL. It receives what its owner may see.

    `steps`, `areas`, `bag_types` and `batches` filter the events; an empty list filters nothing.
    The secret is not stored but derived from `secret_seed` and the SECRET_KEY. `fingerprint` shows
    whether the derived secret is still the one that was shown to the owner.
    """

    class State(models.TextChoices):
        ACTIVE = "active", "Active"
        PAUSED = "paused", "Paused"
        ENDED = "ended", "Ended"

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", db_index=False
    )
    name = models.CharField(max_length=64)
    url = models.CharField(max_length=500)
    events = ArrayField(models.CharField(max_length=32))
    steps = ArrayField(models.CharField(max_length=8), default=list)
    areas = ArrayField(models.CharField(max_length=32), default=list)
    bag_types = ArrayField(models.CharField(max_length=32), default=list)
    batches = ArrayField(models.CharField(max_length=64), default=list)
    state = models.CharField(max_length=6, choices=State, default=State.ACTIVE)
    paused_why = models.CharField(max_length=200, blank=True)
    secret_seed = models.CharField(max_length=43)
    fingerprint = models.CharField(max_length=64)
    previous_secret_seed = models.CharField(max_length=43, blank=True)
    previous_secret_until = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now())
    # When it was created or last resumed; older events are not sent to it.
    active_since = models.DateTimeField(db_default=Now())
    # Consecutive failed attempts, and the time of the first of them.
    failures = models.PositiveIntegerField(default=0)
    failing_since = models.DateTimeField(null=True, blank=True)
    backoff_until = models.DateTimeField(null=True, blank=True)

    objects = WebhookQuerySet.as_manager()

    class Meta:
        default_permissions = ("add", "change", "view")
        constraints = [
            models.CheckConstraint(
                name="webhook_state_is_known", condition=Q(state__in=["active", "paused", "ended"])
            ),
            models.CheckConstraint(name="webhook_has_events", condition=Q(events__len__gte=1)),
            models.CheckConstraint(
                name="webhook_has_reason_if_paused",
                condition=Q(state="paused") & ~Q(paused_why="")
                | ~Q(state="paused") & Q(paused_why=""),
            ),
        ]
        indexes = [
            models.Index(fields=["owner", "id"], name="webhook_by_owner"),
            models.Index(fields=["id"], name="webhook_active", condition=Q(state="active")),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.pk})"


class Event(models.Model):
    """A row of the outbox, written by triggers in the transaction of the change it reports.

    The ids of the events of one bag, and of one batch, follow the order of the changes.
    """

    uid = models.UUIDField(default=uuid.uuid4)
    kind = models.CharField(max_length=32)
    # Without constraints: checking them would slow down every scan and block its maintenance.
    bag = models.ForeignKey(
        Bag, models.DO_NOTHING, null=True, related_name="+", db_index=False, db_constraint=False
    )
    batch = models.ForeignKey(
        Batch, models.DO_NOTHING, null=True, related_name="+", db_index=False, db_constraint=False
    )
    scan = models.ForeignKey(
        Scan, models.DO_NOTHING, null=True, related_name="+", db_index=False, db_constraint=False
    )
    # The parent bag or batch at the time of the event; empty for `scan.recorded`.
    snapshot = models.JSONField(default=dict)
    occurred_at = models.DateTimeField(db_default=Now())
    # The JSON to send, the same in every attempt; empty until the event is matched.
    body = models.TextField(blank=True)
    matched_at = models.DateTimeField(null=True)

    objects = EventQuerySet.as_manager()

    class Meta:
        default_permissions = ("view",)
        constraints = [
            models.UniqueConstraint(fields=["uid"], name="webhook_event_uid_is_unique"),
        ]
        indexes = [
            models.Index(
                fields=["id"], name="webhook_event_unmatched", condition=Q(matched_at=None)
            ),
            models.Index(fields=["occurred_at"], name="webhook_event_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.uid}"


class Delivery(models.Model):
    """One event for one webhook, with the result of the last attempt.

    Deliveries with the same `subject` (a bag, a batch or a test) are sent in the order of their
    ids.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        DELIVERED = "delivered", "Delivered"
        FAILED = "failed", "Given up"
        WITHHELD = "withheld", "No longer visible to the owner"

    webhook = models.ForeignKey(Webhook, models.PROTECT, related_name="+", db_index=False)
    event = models.ForeignKey(Event, models.PROTECT, related_name="+", db_index=False)
    subject = models.CharField(max_length=24)
    partition = models.PositiveSmallIntegerField()
    # 0 for the first delivery of an event, 1 for its first replay, and so on.
    replay = models.PositiveSmallIntegerField(default=0)
    state = models.CharField(max_length=9, choices=State, default=State.WAITING)
    attempts = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(db_default=Now())
    due_at = models.DateTimeField(db_default=Now())
    tried_at = models.DateTimeField(null=True, blank=True)
    took_ms = models.PositiveIntegerField(null=True, blank=True)
    status = models.PositiveSmallIntegerField(null=True, blank=True)
    answer = models.CharField(max_length=500, blank=True)
    error = models.CharField(max_length=200, blank=True)

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        default_permissions = ("view",)
        verbose_name_plural = "deliveries"
        constraints = [
            models.UniqueConstraint(
                fields=["event", "webhook", "replay"], name="webhook_delivery_is_unique"
            ),
            models.CheckConstraint(
                name="webhook_delivery_state_is_known",
                condition=Q(state__in=["waiting", "delivered", "failed", "withheld"]),
            ),
        ]
        indexes = [
            models.Index(fields=["webhook", "-id"], name="webhook_delivery_log"),
            models.Index(
                fields=["webhook", "partition", "id"],
                name="webhook_delivery_waiting",
                condition=Q(state="waiting"),
            ),
            models.Index(
                fields=["webhook", "subject", "id"],
                name="webhook_delivery_in_order",
                condition=Q(state="waiting"),
            ),
        ]

    def __str__(self) -> str:
        return f"delivery {self.pk}"
