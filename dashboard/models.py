"""Read models: every number on a screen, kept true by triggers and never counted live.

Each number is the sum of a tally (rolled up, a few hundred rows) and what is pending (appended by
the writers, rolled up every few hundred writes). Appending locks nothing, so counting never makes
two scanners wait for each other.
"""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models.expressions import RawSQL

from bags.models import Area, BagType, Kind, State
from scans.models import Step


def _loose(to: type[models.Model] | str, *, null: bool = False) -> "models.ForeignKey[Any, Any]":
    # The rows are written by triggers from rows whose own keys were checked.
    return models.ForeignKey(
        to, models.DO_NOTHING, null=null, related_name="+", db_index=False, db_constraint=False
    )


def _counted_on() -> "models.DateField[Any, Any]":
    # The business day of the transaction, unless the connection says which day it plays.
    return models.DateField(db_default=RawSQL("dashboard_counting_day()", ()))


class BagCount(models.Model):
    """How many bags are of this kind, type, area, destination and state."""

    kind = models.CharField(max_length=6, choices=Kind)
    bag_type = _loose(BagType)
    area = _loose(Area)
    bound_for = _loose(Area, null=True)
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
                name="bag_tally_has_one_row_a_combination",
                nulls_distinct=False,
            ),
        ]


class BagPending(BagCount):
    day = _counted_on()

    class Meta(BagCount.Meta):
        pass


class BagDay(BagCount):
    """By how much the number of such bags changed on a business day; the last two are kept."""

    day = models.DateField()

    class Meta(BagCount.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["day", "kind", "bag_type", "area", "bound_for", "state"],
                name="bag_day_has_one_row_a_combination",
                nulls_distinct=False,
            ),
        ]


class BatchCount(models.Model):
    """How many batches are in this state."""

    state = models.CharField(max_length=6)
    held = models.BooleanField()
    total = models.BigIntegerField()

    class Meta:
        abstract = True
        default_permissions = ()


class BatchTally(BatchCount):
    class Meta(BatchCount.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["state", "held"], name="batch_tally_has_one_row_a_combination"
            ),
        ]


class BatchPending(BatchCount):
    day = _counted_on()

    class Meta(BatchCount.Meta):
        pass


class BatchDay(BatchCount):
    """By how much the number of such batches changed on a business day; the last two are kept."""

    day = models.DateField()

    class Meta(BatchCount.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["day", "state", "held"], name="batch_day_has_one_row_a_combination"
            ),
        ]


class ScanTally(models.Model):
    """How many scans there were, at one of six grains; what a grain does not speak of is empty.

    `all`: area, step. `day`: day, area. `step`: day, area, step. `hour`: day, hour, area.
    `actor`: day, area, actor. `person`: actor, step. Days and hours are of the business time zone,
    by `scanned_at`.
    """

    class Grain(models.TextChoices):
        ALL = "all"
        DAY = "day"
        STEP = "step"
        HOUR = "hour"
        ACTOR = "actor"
        PERSON = "person"

    grain = models.CharField(max_length=6, choices=Grain)
    day = models.DateField(null=True)
    hour = models.PositiveSmallIntegerField(null=True)
    area = _loose(Area, null=True)
    step = models.CharField(max_length=8, choices=Step, blank=True)
    actor = _loose(settings.AUTH_USER_MODEL, null=True)
    total = models.BigIntegerField()

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["grain", "day", "hour", "area", "step", "actor"],
                name="scan_tally_has_one_row_a_combination",
                nulls_distinct=False,
            ),
        ]


class ScanPending(models.Model):
    """How many scans were added and are not in the tally yet."""

    day = models.DateField()
    hour = models.PositiveSmallIntegerField()
    area = _loose(Area)
    step = models.CharField(max_length=8, choices=Step)
    actor = _loose(settings.AUTH_USER_MODEL)
    total = models.BigIntegerField()

    class Meta:
        default_permissions = ()
