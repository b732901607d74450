"""What requests about bags may say, and batches as JSON."""

from decimal import Decimal
from typing import Any

from django import forms
from django_filters import CharFilter, ChoiceFilter
from rest_framework import serializers

from bags.code_patterns import check_pattern
from bags.codes import normalize_code, printable
from bags.errors import BadCode, ReasonMissing
from bags.list_fields import BAG_FIELDS
from bags.models import Area, Bag, BagType, Batch, Kind, State
from tracetrack.api.filters import StrictBooleanFilter, StrictFilterSet, text_filter
from tracetrack.api.list_view import MAX_ROWS_PER_PAGE, PageParams
from tracetrack.api.params import CleanTextField
from tracetrack.db.export import Cell, Column
from tracetrack.text_cleaning import clean_text

MAX_ID = 2**63 - 1
MAX_PLANNED_BAGS = 2**31 - 1
MAX_NOTES_CHARS = 10_000
# What a list can be ordered by: unique columns, each with an index that is read from there on.
BAG_ORDERS = ("id", "-id")
BATCH_ORDERS = ("-id", "id", "code", "-code")
AREA_ORDERS = ("code", "-code")
BAG_TYPE_ORDERS = ("name", "-name")
# The columns of a stream of bags: what a list shows, of which one may be what people typed.
BAG_EXPORT_COLUMNS = tuple(
    Column(name, source, Cell.USER_TEXT if name == "bag_type" else Cell.PLAIN)
    for name, source in BAG_FIELDS.items()
)


class CodeField(forms.CharField):
    """The code of a batch, in whatever way it is written."""

    def clean(self, value: Any) -> Any:
        given = super().clean(value)
        return normalize_code(given) or given


class CodeFilter(CharFilter):
    """A filter by the code of a batch."""

    field_class = CodeField


class BagFilterSet(StrictFilterSet):
    """What a list of bags can be narrowed by: the arguments of BagFilters."""

    kind = ChoiceFilter(choices=Kind.choices)
    state = ChoiceFilter(choices=State.choices)
    area = text_filter(32)
    batch = text_filter(64, CodeFilter)
    bag_type = text_filter(32)
    loose = StrictBooleanFilter()

    class Meta:
        model = Bag
        fields: list[str] = []


class BatchFilterSet(StrictFilterSet):
    """What a list of batches can be narrowed by: the arguments of BatchFilters."""

    state = ChoiceFilter(choices=Batch.State.choices)
    held = StrictBooleanFilter()
    bag_type = text_filter(32)
    product = text_filter(64)

    class Meta:
        model = Batch
        fields: list[str] = []


class AreaFilterSet(StrictFilterSet):
    """What the list of areas can be narrowed by."""

    active = StrictBooleanFilter()

    class Meta:
        model = Area
        fields: list[str] = []


class BagListParams(PageParams):
    """Parameters of the list of bags: how it is sent, where it goes on."""

    format = serializers.ChoiceField(["json", "ndjson", "csv"], default=None)
    order = serializers.ChoiceField(BAG_ORDERS, default="id")
    after = serializers.IntegerField(min_value=0, max_value=MAX_ID, default=0)


class BatchListParams(PageParams):
    """Parameters of the list of batches: where it goes on."""

    order = serializers.ChoiceField(BATCH_ORDERS, default="-id")


class AreaListParams(PageParams):
    """Parameters of the list of areas: where it goes on."""

    per_page = serializers.IntegerField(
        min_value=1, max_value=MAX_ROWS_PER_PAGE, default=MAX_ROWS_PER_PAGE
    )
    order = serializers.ChoiceField(AREA_ORDERS, default="code")


class BagTypeListParams(AreaListParams):
    """Parameters of the list of bag types: where it goes on."""

    order = serializers.ChoiceField(BAG_TYPE_ORDERS, default="name")


class SearchParams(serializers.Serializer[Any]):
    """What to look for."""

    q = serializers.CharField(max_length=512)


class BatchChangeIn(serializers.Serializer[Any]):
    """What of a batch can be changed. Code and bag type stay; state and hold have acts."""

    product = CleanTextField(max_length=64)
    variety = CleanTextField(max_length=64, allow_blank=True)
    produced_on = serializers.DateField()
    expires_on = serializers.DateField(allow_null=True)
    planned_bags = serializers.IntegerField(min_value=0, max_value=MAX_PLANNED_BAGS)
    notes = CleanTextField(lines=True, max_length=MAX_NOTES_CHARS, allow_blank=True)


class BatchIn(serializers.Serializer[Any]):
    """A new batch."""

    code = serializers.CharField(max_length=512)
    product = CleanTextField(max_length=64)
    bag_type = serializers.CharField(max_length=32)
    produced_on = serializers.DateField()
    variety = CleanTextField(max_length=64, allow_blank=True, default="")
    expires_on = serializers.DateField(allow_null=True, default=None)
    planned_bags = serializers.IntegerField(min_value=0, max_value=MAX_PLANNED_BAGS, default=0)
    notes = CleanTextField(lines=True, max_length=MAX_NOTES_CHARS, allow_blank=True, default="")

    def validate_code(self, given: str) -> str:
        code = normalize_code(given)
        if code is None:
            raise BadCode(given=printable(given))
        return code


class HoldIn(serializers.Serializer[Any]):
    """Why a batch is put on hold."""

    reason = CleanTextField(max_length=200)

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(given := data.get("reason"), str) and not clean_text(given):
            raise ReasonMissing
        return super().to_internal_value(data)


class AreaChangeIn(serializers.Serializer[Any]):
    """What of an area can be changed: sheets and devices name it by its code, which stays."""

    name = CleanTextField(max_length=64)
    gln = serializers.RegexField(r"^[0-9]{13}\Z", allow_blank=True)
    active = serializers.BooleanField()


class AreaIn(serializers.Serializer[Any]):
    """A new area."""

    code = serializers.RegexField(r"^[a-z0-9][a-z0-9-]{0,31}\Z")
    name = CleanTextField(max_length=64)
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
