"""Areas, bag types, batches, and bags with their parents."""

from decimal import Decimal

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Collate, Reverse, Upper

from bags.code_patterns import check_pattern
from bags.querysets import AreaQuerySet, BagCodeQuerySet, BagQuerySet

# The column itself limits a code to 64 characters. With {2,63} the check takes PostgreSQL ten times
# as long, and it runs whenever any column of the row changes.
CODE_REGEX = r"^[A-Z0-9][A-Z0-9\-_/.]{2}[A-Z0-9\-_/.]*$"
MAX_PLANNED_BAGS = 2**31 - 1
MAX_REASON_CHARS = 200


class Kind(models.TextChoices):
    PARENT = "parent", "Parent"
    CHILD = "child", "Child"


class State(models.TextChoices):
    OPEN = "open", "Open"
    COMPLETE = "complete", "Complete"
    DISPATCHED = "dispatched", "Dispatched"
    RECEIVED = "received", "Received"
    LOOSE = "loose", "Loose"
    LINKED = "linked", "Linked"
    RETURNED = "returned", "Returned"


PARENT_STATES = [
    State.OPEN, State.COMPLETE, State.DISPATCHED, State.RECEIVED, State.RETURNED,
]  # fmt: skip
CHILD_STATES = [State.LOOSE, State.LINKED, State.RETURNED]


class Area(models.Model):
    """A dispatch area and its members, the users who work there."""

    code = models.SlugField(max_length=32, db_index=False)
    name = models.CharField(max_length=64)
    gln = models.CharField("GLN", max_length=13, blank=True)
    active = models.BooleanField(default=True)
    members = models.ManyToManyField(settings.AUTH_USER_MODEL, related_name="areas", blank=True)

    objects = AreaQuerySet.as_manager()

    class Meta:
        default_permissions = ("add", "change", "view")
        constraints = [
            models.UniqueConstraint(fields=["code"], name="area_code_is_unique"),
            models.CheckConstraint(
                name="area_code_is_a_slug",
                condition=Q(code__regex=r"^[a-z0-9][a-z0-9-]{0,31}$"),
                violation_error_message=(
                    "An area's code has lowercase letters, digits and hyphens, and no hyphen first."
                ),
            ),
            models.CheckConstraint(
                name="area_gln_has_13_digits",
                condition=Q(gln="") | Q(gln__regex=r"^\d{13}$"),
                violation_error_message="A GLN has 13 digits.",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class BagType(models.Model):
    """Properties of the bags of a product: code patterns, capacity, weight of a child in kg."""

    name = models.SlugField(max_length=32, db_index=False)
    parent_pattern = models.CharField(max_length=128, validators=[check_pattern])
    child_pattern = models.CharField(max_length=128, validators=[check_pattern])
    capacity = models.PositiveSmallIntegerField(default=30)
    child_weight = models.DecimalField(max_digits=8, decimal_places=3, default=Decimal("1.000"))

    class Meta:
        default_permissions = ("add", "change", "view")
        constraints = [
            models.UniqueConstraint(fields=["name"], name="bag_type_name_is_unique"),
            models.CheckConstraint(
                name="bag_type_capacity_is_sensible",
                condition=Q(capacity__gte=1, capacity__lte=1000),
                violation_error_message="A bag holds between 1 and 1,000 children.",
            ),
            models.CheckConstraint(
                name="bag_type_weight_is_positive",
                condition=Q(child_weight__gt=0),
                violation_error_message="The weight of a child must be positive.",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Batch(models.Model):
    """A production lot, open or closed. Either can be on hold, with a reason."""

    class State(models.TextChoices):
        OPEN = "open", "Open"
        CLOSED = "closed", "Closed"

    code = models.CharField(max_length=64, db_collation="C")
    product = models.CharField(max_length=64)
    variety = models.CharField(max_length=64, blank=True)
    bag_type = models.ForeignKey(BagType, models.PROTECT, related_name="+")
    produced_on = models.DateField()
    expires_on = models.DateField(null=True, blank=True)
    planned_bags = models.PositiveIntegerField(default=0)
    notes = models.TextField(blank=True)
    state = models.CharField(max_length=6, choices=State, default=State.OPEN)
    held = models.BooleanField(default=False)
    held_reason = models.CharField(max_length=MAX_REASON_CHARS, blank=True)
    held_at = models.DateTimeField(null=True, blank=True)
    held_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        default_permissions = ("add", "change", "view")
        permissions = [("hold_batch", "Can hold, release and close batches")]
        verbose_name_plural = "batches"
        constraints = [
            models.UniqueConstraint(fields=["code"], name="batch_code_is_unique"),
            models.CheckConstraint(
                name="batch_code_is_normalised",
                condition=Q(code__regex=CODE_REGEX),
                violation_error_message="This is not a valid code.",
            ),
            models.CheckConstraint(
                name="batch_state_is_known", condition=Q(state__in=["open", "closed"])
            ),
            models.CheckConstraint(
                name="batch_expires_after_it_is_produced",
                condition=Q(expires_on=None) | Q(expires_on__gte=F("produced_on")),
                violation_error_message="A batch expires on the day it is produced, or later.",
            ),
            models.CheckConstraint(
                name="batch_hold_says_who_when_and_why",
                condition=Q(held=False, held_reason="", held_at=None, held_by=None)
                | Q(held=True, held_at__isnull=False, held_by__isnull=False) & ~Q(held_reason=""),
            ),
        ]
        indexes = [
            models.Index(Collate(Upper("product"), "C"), "code", name="batch_product_begins"),
            models.Index(Collate(Upper("variety"), "C"), "code", name="batch_variety_begins"),
        ]

    def __str__(self) -> str:
        return self.code


class Bag(models.Model):
    """A physical bag: a parent holds up to `capacity` children, a child has at most one parent.

    weight: in kg; for a parent the sum of its children.
    bound_for: the destination of a dispatched parent and of its children.
    """

    code = models.CharField(max_length=64, db_collation="C")
    kind = models.CharField(max_length=6, choices=Kind)
    # Keys with db_constraint=False are checked by triggers (sql/functions/check_references.sql),
    # which take no row locks.
    bag_type = models.ForeignKey(
        BagType, models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    batch = models.ForeignKey(Batch, models.PROTECT, null=True, blank=True, db_index=False)
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="children", db_index=False
    )
    area = models.ForeignKey(
        Area, models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    bound_for = models.ForeignKey(
        Area,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )
    state = models.CharField(max_length=10, choices=State)
    capacity = models.PositiveSmallIntegerField(null=True, blank=True)
    child_count = models.PositiveSmallIntegerField(default=0)
    weight = models.DecimalField(max_digits=10, decimal_places=3, default=Decimal("0.000"))

    objects = BagQuerySet.as_manager()

    class Meta:
        default_permissions = ("change", "view")
        permissions = [("view_all_areas", "Can see the bags of every area")]
        constraints = [
            models.UniqueConstraint(fields=["code"], name="bag_code_is_unique"),
            models.CheckConstraint(
                name="bag_code_is_normalised", condition=Q(code__regex=CODE_REGEX)
            ),
            models.CheckConstraint(
                name="bag_state_fits_its_kind",
                condition=Q(kind="parent", state__in=PARENT_STATES)
                | Q(kind="child", state__in=CHILD_STATES),
            ),
            models.CheckConstraint(
                name="bag_only_children_have_parents", condition=Q(kind="child") | Q(parent=None)
            ),
            models.CheckConstraint(
                name="bag_is_not_its_own_parent", condition=Q(parent=None) | ~Q(parent=F("id"))
            ),
            models.CheckConstraint(
                name="bag_is_linked_when_it_has_a_parent",
                condition=Q(state="linked", parent__isnull=False)
                | ~Q(state="linked") & Q(parent=None),
            ),
            models.CheckConstraint(
                name="bag_count_is_within_its_capacity",
                condition=Q(kind="child", capacity=None, child_count=0)
                | Q(
                    kind="parent",
                    capacity__isnull=False,
                    capacity__gte=1,
                    child_count__lte=F("capacity"),
                ),
            ),
            models.CheckConstraint(
                name="bag_complete_is_not_empty",
                condition=~Q(state="complete") | Q(child_count__gt=0),
            ),
            models.CheckConstraint(
                name="bag_weight_is_possible",
                condition=Q(kind="child", weight__gt=0) | Q(kind="parent", weight__gte=0),
            ),
            models.CheckConstraint(
                name="bag_is_bound_only_on_its_way",
                condition=Q(kind="parent", state="dispatched", bound_for__isnull=False)
                | Q(kind="parent", bound_for=None) & ~Q(state="dispatched")
                | Q(kind="child", bound_for=None)
                | Q(kind="child", state="linked"),
            ),
        ]
        indexes = [
            models.Index(
                fields=["parent", "code"], name="bag_children", condition=Q(parent__isnull=False)
            ),
            models.Index(
                fields=["batch", "id"], name="bag_in_batch", include=["kind", "state", "area"]
            ),
            models.Index(fields=["area", "id"], name="bag_in_area"),
            models.Index(
                fields=["bound_for", "id"],
                name="bag_bound_for_area",
                condition=Q(bound_for__isnull=False),
            ),
            models.Index(
                fields=["area", "id"], name="bag_loose", condition=Q(kind="child", parent=None)
            ),
            models.Index(
                fields=["area", "id"], name="bag_open", condition=Q(kind="parent", state="open")
            ),
            # 95 % of the bags are linked: an index does not help to find those.
            models.Index(fields=["state", "id"], name="bag_in_state", condition=~Q(state="linked")),
            models.Index(
                fields=["area", "state", "id"],
                name="bag_in_area_and_state",
                condition=~Q(state="linked"),
            ),
            models.Index(
                fields=["id"], name="bag_loose_anywhere", condition=Q(kind="child", parent=None)
            ),
            models.Index(fields=["bag_type", "id"], name="bag_of_type"),
        ]

    def __str__(self) -> str:
        return self.code


class BagCode(models.Model):
    """A copy of the code of a bag for searches; triggers keep it (sql/functions/sync_codes_*)."""

    bag = models.OneToOneField(
        Bag, models.DO_NOTHING, primary_key=True, related_name="+", db_constraint=False
    )
    code = models.CharField(max_length=64, db_collation="C")

    objects = BagCodeQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        indexes = [
            models.Index(Reverse("code"), name="bagcode_backwards"),
            GinIndex(OpClass("code", "gin_trgm_ops"), name="bagcode_trigrams"),
        ]

    def __str__(self) -> str:
        return self.code
