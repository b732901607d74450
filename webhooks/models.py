"""Who wants to be told what, what there is to tell, and what became of telling it."""

import uuid

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from bags.models import Bag, Batch
from scans.models import Scan
from webhooks.querysets import DeliveryQuerySet, EventQuerySet, WebhookQuerySet


class Happening(models.TextChoices):
    """What a webhook may be told of."""

    SCAN_RECORDED = "scan.recorded", "A scan was recorded"
    PARENT_COMPLETED = "parent.completed", "A sack became complete"
    PARENT_DISPATCHED = "parent.dispatched", "A sack was dispatched"
    PARENT_RECEIVED = "parent.received", "A sack was received"
    BATCH_HELD = "batch.held", "A batch was put on hold"
    BATCH_RELEASED = "batch.released", "A batch was released"


TEST = "webhook.test"


# What its owner sets of a webhook: its version. What became of its deliveries is none of it.
OWNED = (
    "name", "url", "events", "steps", "areas", "bag_types", "batches", "state", "paused_why",
    "seed",
)  # fmt: skip


class Webhook(models.Model):
    """A subscription: where to send which events. It sees what its owner may see.

    An empty list narrows nothing. The secret itself is not kept: it is made of `seed` and the
    SECRET_KEY; `fingerprint` tells whether that still gives the secret that was shown.
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
    seed = models.CharField(max_length=43)
    fingerprint = models.CharField(max_length=64)
    old_seed = models.CharField(max_length=43, blank=True)
    old_until = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now())
    # Events before this moment are not for it: it was not there, or paused.
    since = models.DateTimeField(db_default=Now())
    failures = models.PositiveIntegerField(default=0)
    failing_since = models.DateTimeField(null=True, blank=True)
    rests_until = models.DateTimeField(null=True, blank=True)

    objects = WebhookQuerySet.as_manager()

    class Meta:
        default_permissions = ("add", "change", "view")
        constraints = [
            models.CheckConstraint(
                name="webhook_state_is_known", condition=Q(state__in=["active", "paused", "ended"])
            ),
            models.CheckConstraint(name="webhook_wants_something", condition=Q(events__len__gte=1)),
            models.CheckConstraint(
                name="webhook_says_why_it_is_paused",
                condition=Q(state="paused") & ~Q(paused_why="")
                | ~Q(state="paused") & Q(paused_why=""),
            ),
        ]
        indexes = [
            models.Index(fields=["owner", "id"], name="webhook_of_owner"),
            models.Index(fields=["id"], name="webhook_active", condition=Q(state="active")),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.pk})"


class Event(models.Model):
    """The outbox: what happened, written by triggers in the transaction in which it happened.

    The ids of one bag's events, and of one batch's, follow the order in which they happened.
    """

    uid = models.UUIDField(default=uuid.uuid4)
    kind = models.CharField(max_length=32)
    # The ledger is not to be held up by what tells of it.
    bag = models.ForeignKey(
        Bag, models.DO_NOTHING, null=True, related_name="+", db_index=False, db_constraint=False
    )
    batch = models.ForeignKey(
        Batch, models.DO_NOTHING, null=True, related_name="+", db_index=False, db_constraint=False
    )
    scan = models.ForeignKey(
        Scan, models.DO_NOTHING, null=True, related_name="+", db_index=False, db_constraint=False
    )
    facts = models.JSONField(default=dict)
    at = models.DateTimeField(db_default=Now())
    # What is sent, the same in every try; empty until it was matched.
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
            models.Index(fields=["at"], name="webhook_event_at"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.uid}"


class Delivery(models.Model):
    """One event for one webhook, and what became of it. `subject` is what its order is kept by."""

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        DELIVERED = "delivered", "Delivered"
        FAILED = "failed", "Given up"
        WITHHELD = "withheld", "Not for its owner any more"

    webhook = models.ForeignKey(Webhook, models.PROTECT, related_name="+", db_index=False)
    event = models.ForeignKey(Event, models.PROTECT, related_name="+", db_index=False)
    subject = models.CharField(max_length=24)
    lane = models.PositiveSmallIntegerField()
    # 0 at first, then 1 for the first replay, and so on.
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
                fields=["event", "webhook", "replay"], name="webhook_delivery_is_made_once"
            ),
            models.CheckConstraint(
                name="webhook_delivery_state_is_known",
                condition=Q(state__in=["waiting", "delivered", "failed", "withheld"]),
            ),
        ]
        indexes = [
            models.Index(fields=["webhook", "-id"], name="webhook_delivery_log"),
            models.Index(
                fields=["webhook", "lane", "id"],
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
