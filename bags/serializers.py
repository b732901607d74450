"""What requests about bags may say, and batches as JSON."""

from decimal import Decimal
from typing import Any

from django.db.models import Case, F, TextField, When
from django.db.models.functions import Cast
from rest_framework import serializers

from bags.codes import normalised, shown
from bags.errors import BadCode
from bags.models import Area, BagType, Batch, Kind, State
from bags.patterns import check_pattern
from tracetrack.streams import Cell, Column

LARGEST_ID = 2**63 - 1
MOST_PLANNED = 2**31 - 1
LONGEST_NOTES = 10_000
# What a list can be ordered by: unique columns, each with an index that is read from there on.
BAG_ORDERS = ("id", "-id")
BATCH_ORDERS = ("-id", "id", "code", "-code")
# The columns of a stream of bags: what bags.queries.as_row() gives.
BAG_COLUMNS = (
    Column("id", "id"),
    Column("code", "code"),
    Column("kind", "kind"),
    Column("bag_type", "bag_type__name", Cell.TYPED),
    Column("batch", "batch__code"),
    Column("area", "area__code"),
    Column("bound_for", "bound_for__code"),
    Column("state", "state"),
    Column("parent", "parent__code"),
    Column("child_count", Case(When(kind=Kind.PARENT, then=F("child_count")))),
    Column("capacity", "capacity"),
    Column("weight", Cast("weight", TextField())),
)


class BagListIn(serializers.Serializer[Any]):
    """Parameters of the list of bags: what narrows it, how it is sent, where it goes on."""

    kind = serializers.ChoiceField(Kind.choices, default=None)
    state = serializers.ChoiceField(State.choices, default=None)
    area = serializers.CharField(max_length=32, default=None)
    batch = serializers.CharField(max_length=64, default=None)
    bag_type = serializers.CharField(max_length=32, default=None)
    loose = serializers.BooleanField(default=False)
    format = serializers.ChoiceField(["json", "ndjson", "csv"], default=None)
    per_page = serializers.IntegerField(min_value=1, max_value=500, default=100)
    cursor = serializers.CharField(default=None)
    order = serializers.ChoiceField(BAG_ORDERS, default="id")
    after = serializers.IntegerField(min_value=0, max_value=LARGEST_ID, default=0)

    def validate_batch(self, given: str | None) -> str | None:
        return (normalised(given) or given) if given else None


class BatchListIn(serializers.Serializer[Any]):
    """Parameters of the list of batches: what narrows it, and where it goes on."""

    state = serializers.ChoiceField(Batch.State.choices, default=None)
    held = serializers.BooleanField(default=None, allow_null=True)
    bag_type = serializers.CharField(max_length=32, default=None)
    product = serializers.CharField(max_length=64, default=None)
    per_page = serializers.IntegerField(min_value=1, max_value=500, default=100)
    cursor = serializers.CharField(default=None)
    order = serializers.ChoiceField(BATCH_ORDERS, default="-id")


class SearchIn(serializers.Serializer[Any]):
    """What to look for."""

    q = serializers.CharField(max_length=512)


class BatchChangeIn(serializers.Serializer[Any]):
    """What of a batch can be changed. Code and bag type stay; state and hold have acts."""

    product = serializers.CharField(max_length=64)
    variety = serializers.CharField(max_length=64, allow_blank=True)
    produced_on = serializers.DateField()
    expires_on = serializers.DateField(allow_null=True)
    planned_bags = serializers.IntegerField(min_value=0, max_value=MOST_PLANNED)
    notes = serializers.CharField(max_length=LONGEST_NOTES, allow_blank=True)


class BatchIn(serializers.Serializer[Any]):
    """A new batch."""

    code = serializers.CharField(max_length=512)
    product = serializers.CharField(max_length=64)
    bag_type = serializers.CharField(max_length=32)
    produced_on = serializers.DateField()
    variety = serializers.CharField(max_length=64, allow_blank=True, default="")
    expires_on = serializers.DateField(allow_null=True, default=None)
    planned_bags = serializers.IntegerField(min_value=0, max_value=MOST_PLANNED, default=0)
    notes = serializers.CharField(max_length=LONGEST_NOTES, allow_blank=True, default="")

    def validate_code(self, given: str) -> str:
        code = normalised(given)
        if code is None:
            raise BadCode(given=shown(given))
        return code


class HoldIn(serializers.Serializer[Any]):
    """Why a batch is put on hold."""

    reason = serializers.CharField(max_length=200)


class AreaChangeIn(serializers.Serializer[Any]):
    """What of an area can be changed: sheets and devices name it by its code, which stays."""

    name = serializers.CharField(max_length=64)
    gln = serializers.RegexField(r"^[0-9]{13}\Z", allow_blank=True)
    active = serializers.BooleanField()


class AreaIn(serializers.Serializer[Any]):
    """A new area."""

    code = serializers.RegexField(r"^[a-z0-9][a-z0-9-]{0,31}\Z")
    name = serializers.CharField(max_length=64)
    gln = serializers.RegexField(r"^[0-9]{13}\Z", allow_blank=True, default="")
    active = serializers.BooleanField(default=True)


class BagTypeChangeIn(serializers.Serializer[Any]):
    """What of a bag type can be changed, for the bags to come; its name stays."""

    parent_pattern = serializers.CharField(validators=[check_pattern])
    child_pattern = serializers.CharField(validators=[check_pattern])
    capacity = serializers.IntegerField(min_value=1, max_value=1000)
    child_weight = serializers.DecimalField(8, 3, min_value=Decimal("0.001"))


class BagTypeIn(BagTypeChangeIn):
    """A new bag type."""

    name = serializers.RegexField(r"^[-a-zA-Z0-9_]{1,32}\Z")
    capacity = serializers.IntegerField(min_value=1, max_value=1000, default=30)
    child_weight = serializers.DecimalField(
        8, 3, min_value=Decimal("0.001"), default=Decimal("1.000")
    )


def area_json(area: Area, own: frozenset[int] | None) -> dict[str, Any]:
    """An area; `yours` where its bags may be seen and touched by whom `own` bounds."""
    return {
        "code": area.code,
        "name": area.name,
        "gln": area.gln,
        "active": area.active,
        "yours": own is None or area.pk in own,
    }


def bag_type_json(bag_type: BagType) -> dict[str, Any]:
    """A bag type, with the patterns by which codes are recognised; weight in kg."""
    return {
        "name": bag_type.name,
        "parent_pattern": bag_type.parent_pattern,
        "child_pattern": bag_type.child_pattern,
        "capacity": bag_type.capacity,
        "child_weight": f"{bag_type.child_weight:.3f}",
    }


def batch_json(batch: Batch) -> dict[str, Any]:
    """A batch, with its hold where there is one."""
    return {
        "code": batch.code,
        "product": batch.product,
        "variety": batch.variety,
        "bag_type": batch.bag_type.name,
        "produced_on": batch.produced_on.isoformat(),
        "expires_on": batch.expires_on.isoformat() if batch.expires_on else None,
        "planned_bags": batch.planned_bags,
        "notes": batch.notes,
        "state": batch.state,
        "held": batch.held,
        "held_reason": batch.held_reason,
        "held_at": batch.held_at.isoformat() if batch.held_at else None,
        "held_by": batch.held_by.username if batch.held_by else None,
    }
