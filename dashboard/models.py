"""The dashboard counters. Triggers maintain them, so pages never count bags or scans.

Each count is the sum of a tally and of pending rows. Statement triggers append pending rows; every
few hundred statements they roll them up into the tally, which has a few hundred rows. Appending
takes no row locks, so counting never makes two writers wait for each other.
"""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models.expressions import RawSQL

from bags.models import Area, BagType, Kind, State
from scans.models import Step


def _unconstrained_key(
    to: type[models.Model] | str, *, null: bool = False
) -> "models.ForeignKey[Any, Any]":
    # Triggers copy the value from a row whose foreign key was checked.
    return models.ForeignKey(
        to, models.DO_NOTHING, null=null, related_name="+", db_index=False, db_constraint=False
    )


def _counting_day() -> "models.DateField[Any, Any]":
    # The business day of the transaction, or the day set by stats.counters.count_on_day().
    return models.DateField(db_default=RawSQL("dashboard_counting_day()", ()))


class BagCount(models.Model):
    """The number of bags with this kind, type, area, destination and state."""

    kind = models.CharField(max_length=6, choices=Kind)
    bag_type = _unconstrained_key(BagType)
    area = _unconstrained_key(Area)
    bound_for = _unconstrained_key(Area, null=True)
    state = models.CharField(max_length=10, choices=State)
    total = models.BigIntegerField()

    class Meta:
        abstract = True
        default_permissions = ()


class BagTally(BagCount):
    class Meta(BagCount.Meta):
        permissions = [("view_dashboard", "Can see the dashboard")]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "bag_type", "area", "bound_for", "state"],
                name="bag_tally_is_unique",
                nulls_distinct=False,
            ),
        ]


class BagPending(BagCount):
    day = _counting_day()

    class Meta(BagCount.Meta):
        pass


class BagDay(BagCount):
    """The change of the number of bags on a business day; kept for today and yesterday."""

    day = models.DateField()

    class Meta(BagCount.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["day", "kind", "bag_type", "area", "bound_for", "state"],
                name="bag_day_is_unique",
                nulls_distinct=False,
            ),
        ]


class BatchCount(models.Model):
    """The number of batches in this state."""

    state = models.CharField(max_length=6)
    held = models.BooleanField()
    total = models.BigIntegerField()

    class Meta:
        abstract = True
        default_permissions = ()


class BatchTally(BatchCount):
    class Meta(BatchCount.Meta):
        constraints = [
            models.UniqueConstraint(fields=["state", "held"], name="batch_tally_is_unique"),
        ]


class BatchPending(BatchCount):
    day = _counting_day()

    class Meta(BatchCount.Meta):
        pass


class BatchDay(BatchCount):
    """The change of the number of batches on a business day; kept for today and yesterday."""

    day = models.DateField()

    class Meta(BatchCount.Meta):
        constraints = [
            models.UniqueConstraint(fields=["day", "state", "held"], name="batch_day_is_unique"),
        ]


class ScanTally(models.Model):
    """The number of scans at one of six grains; dimensions that a grain does not have are empty.

    `all`: area, step. `day`: day, area. `step`: day, area, step. `hour`: day, hour, area.
    `actor_day`: day, area, actor. `actor_step`: actor, step. Days and hours are those of
    `scanned_at` in the business time zone.
    """

    class Grain(models.TextChoices):
        ALL = "all"
        DAY = "day"
        STEP = "step"
        HOUR = "hour"
        ACTOR_DAY = "actor_day"
        ACTOR_STEP = "actor_step"

    grain = models.CharField(max_length=10, choices=Grain)
    day = models.DateField(null=True)
    hour = models.PositiveSmallIntegerField(null=True)
    area = _unconstrained_key(Area, null=True)
    step = models.CharField(max_length=8, choices=Step, blank=True)
    actor = _unconstrained_key(settings.AUTH_USER_MODEL, null=True)
    total = models.BigIntegerField()

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["grain", "day", "hour", "area", "step", "actor"],
                name="scan_tally_is_unique",
                nulls_distinct=False,
            ),
        ]


class ScanPending(models.Model):
    """The number of scans that are not in the tally yet, in all dimensions."""

    day = models.DateField()
    hour = models.PositiveSmallIntegerField()
    area = _unconstrained_key(Area)
    step = models.CharField(max_length=8, choices=Step)
    actor = _unconstrained_key(settings.AUTH_USER_MODEL)
    total = models.BigIntegerField()

    class Meta:
        default_permissions = ()
