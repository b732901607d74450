"""The append-only ledger of scans."""

from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from bags.models import Area, Bag, State
from scans.querysets import ScanQuerySet


class Step(models.TextChoices):
    REGISTER = "register", "Register"
    LINK = "link", "Link"
    UNLINK = "unlink", "Unlink"
    MOVE = "move", "Move"
    COMPLETE = "complete", "Complete"
    REOPEN = "reopen", "Reopen"
    DISPATCH = "dispatch", "Dispatch"
    RECEIVE = "receive", "Receive"
    RETURN = "return", "Return"
    INSPECT = "inspect", "Inspect"
    UNDO = "undo", "Undo"


class Outcome(models.TextChoices):
    APPLIED = "applied", "Applied"
    ALREADY = "already", "Already"


# Scans before this time are refused.
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)


def _reference(
    to: type[models.Model] | str, *, null: bool = False
) -> "models.ForeignKey[Any, Any]":
    """Return a foreign key that triggers check once per statement instead of once per row.

    See sql/functions/check_references.sql and prevent_delete.sql.
    """
    return models.ForeignKey(
        to,
        models.PROTECT,
        null=null,
        blank=null,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )


class Scan(models.Model):
    """A row of the ledger: one step of one bag, by one actor, at one area, station and time.

    `parent` is the parent that the request named. The `was_…` columns hold the values that an
    applied scan changed, for `undo`: the bag's state, area, destination and the parent that it
    left, with the state of the parent that it left or entered.

    scans/ledger.py derives the column lists of COPY and INSERT from this model.
    """

    ref = models.UUIDField()
    bag = _reference(Bag)
    parent = _reference(Bag, null=True)
    step = models.CharField(max_length=8, choices=Step)
    outcome = models.CharField(max_length=7, choices=Outcome)
    unexpected = models.BooleanField(default=False)
    forced = models.BooleanField(default=False)
    actor = _reference(settings.AUTH_USER_MODEL)
    area = _reference(Area)
    station = models.CharField(max_length=64, blank=True)
    scanned_at = models.DateTimeField()
    recorded_at = models.DateTimeField(db_default=Now())
    note = models.CharField(max_length=500, blank=True)
    undoes = _reference("self", null=True)
    was_state = models.CharField(max_length=10, choices=State, blank=True)
    was_area = _reference(Area, null=True)
    was_bound_for = _reference(Area, null=True)
    was_parent = _reference(Bag, null=True)
    was_parent_state = models.CharField(max_length=10, choices=State, blank=True)

    objects = ScanQuerySet.as_manager()

    class Meta:
        default_permissions = ("add", "view")
        permissions = [
            ("force_dispatch", "Can dispatch a sack that is not complete"),
            ("undo_any_scan", "Can undo anybody's scan, with a reason"),
            ("import_sheets", "Can import sheets"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["ref"], name="scan_ref_is_recorded_once"),
            models.CheckConstraint(name="scan_step_is_known", condition=Q(step__in=Step.values)),
            models.CheckConstraint(
                name="scan_outcome_is_known", condition=Q(outcome__in=Outcome.values)
            ),
            models.CheckConstraint(
                name="scan_link_names_a_parent",
                condition=~Q(step__in=["link", "move"]) | Q(parent__isnull=False),
            ),
            models.CheckConstraint(
                name="scan_parent_is_another_bag", condition=Q(parent=None) | ~Q(parent=F("bag"))
            ),
            models.CheckConstraint(
                name="scan_undo_has_a_target",
                condition=Q(step="undo", undoes__isnull=False) | ~Q(step="undo") & Q(undoes=None),
            ),
            models.UniqueConstraint(
                fields=["undoes"], name="scan_is_undone_once", condition=Q(undoes__isnull=False)
            ),
            models.CheckConstraint(
                name="scan_is_not_before_2000", condition=Q(scanned_at__gte=EARLIEST)
            ),
            models.CheckConstraint(
                name="scan_only_receipts_and_returns_are_unexpected",
                condition=Q(unexpected=False) | Q(step__in=["receive", "return"]),
            ),
            models.CheckConstraint(
                name="scan_only_dispatches_are_forced",
                condition=Q(forced=False) | Q(step="dispatch"),
            ),
        ]
        indexes = [
            models.Index(fields=["bag", "scanned_at", "id"], name="scan_of_bag"),
            models.Index(
                fields=["parent", "scanned_at", "id"],
                name="scan_of_parent",
                condition=Q(parent__isnull=False),
            ),
            models.Index(
                fields=["was_parent", "scanned_at", "id"],
                name="scan_out_of_parent",
                condition=Q(was_parent__isnull=False),
            ),
            models.Index(fields=["area", "-id"], name="scan_latest_in_area"),
            models.Index(fields=["actor", "-id"], name="scan_latest_of_actor"),
            # Most scans are register or link, and a filter by these needs no index.
            models.Index(
                fields=["step", "-id"],
                name="scan_of_rare_step",
                condition=~Q(step="register") & ~Q(step="link"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.step} {self.ref}"
