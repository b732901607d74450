"""What lists show of bags and batches, and where it comes from."""

from typing import Any

from django.db.models import Case, F, TextField, When
from django.db.models.functions import Cast

from bags.models import Kind

# What lists show of a bag, and where it comes from; weight in kg.
BAG_FIELDS: dict[str, Any] = {
    "id": "id",
    "code": "code",
    "kind": "kind",
    "bag_type": "bag_type__name",
    "batch": "batch__code",
    "area": "area__code",
    "bound_for": "bound_for__code",
    "state": "state",
    "parent": "parent__code",
    "child_count": Case(When(kind=Kind.PARENT, then=F("child_count"))),
    "capacity": "capacity",
    "weight": Cast("weight", TextField()),
}
# What is shown of a bag within its parent.
CHILD_FIELDS = ("code", "state", "area", "batch", "weight")
# What lists show of a batch, and where it comes from.
BATCH_FIELDS = {
    "code": "code",
    "product": "product",
    "variety": "variety",
    "bag_type": "bag_type__name",
    "produced_on": "produced_on",
    "expires_on": "expires_on",
    "planned_bags": "planned_bags",
    "notes": "notes",
    "state": "state",
    "held": "held",
    "held_reason": "held_reason",
    "held_at": "held_at",
    "held_by": "held_by__username",
}
