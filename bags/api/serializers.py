"""Serializers of requests and responses about bags, batches, areas and bag types.

The OpenAPI document shows the docstrings of the serializers as descriptions.
"""

from decimal import Decimal
from typing import Any

from django import forms
from django.db.models import Case, F, TextField, When
from django.db.models.functions import Cast
from django_filters import CharFilter, ChoiceFilter
from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers

from bags.code_patterns import check_pattern
from bags.codes import normalize_code
from bags.errors import BadCode, ReasonMissing
from bags.models import MAX_PLANNED_BAGS, MAX_REASON_CHARS, Area, Bag, BagType, Batch, Kind, State
from tracetrack.api.fields import (
    CountField,
    TimestampField,
    UserTextField,
    WeightField,
    export_columns,
    list_columns,
)
from tracetrack.api.filters import StrictBooleanFilter, StrictFilterSet, text_filter
from tracetrack.api.list_view import MAX_ROWS_PER_PAGE, PageParams
from tracetrack.api.params import CleanTextField, field_names
from tracetrack.text_cleaning import clean_text, printable

MAX_ID = 2**63 - 1
MAX_NOTES_CHARS = 10_000
# Orders of lists: unique columns with an index, as paginate() requires.
BAG_ORDERS = ("id", "-id")
BATCH_ORDERS = ("-id", "id", "code", "-code")
AREA_ORDERS = ("code", "-code")
BAG_TYPE_ORDERS = ("name", "-name")
BAG_EXAMPLE = {
    "id": 1, "code": "SB10001", "kind": "parent", "bag_type": "mustard", "batch": "LOT-1",
    "area": "lucknow", "bound_for": None, "state": "open", "parent": None, "child_count": 2,
    "capacity": 30, "weight": "2.000",
}  # fmt: skip
BATCH_EXAMPLE = {
    "code": "LOT-1", "product": "Mustard", "variety": "", "bag_type": "mustard",
    "produced_on": "2026-11-01", "expires_on": None, "planned_bags": 100, "notes": "",
    "state": "open", "held": False, "held_reason": "", "held_at": None, "held_by": None,
}  # fmt: skip


class ChildCountField(CountField):
    """The number of children of a parent; null for a child."""

    def __init__(self) -> None:
        super().__init__(allow_null=True)

    def get_attribute(self, bag: Bag) -> int | None:
        return bag.child_count if bag.kind == Kind.PARENT else None


class CodeField(forms.CharField):
    """The code of a batch; it is normalized if possible."""

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        return normalize_code(text) or text


class CodeFilter(CharFilter):
    """A filter by the code of a batch."""

    field_class = CodeField


class BagFilterSet(StrictFilterSet):
    """Filters of the list of bags: the arguments of BagFilters."""

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
    """Filters of the list of batches: the arguments of BatchFilters."""

    state = ChoiceFilter(choices=Batch.State.choices)
    held = StrictBooleanFilter()
    bag_type = text_filter(32)
    product = text_filter(64)

    class Meta:
        model = Batch
        fields: list[str] = []


class AreaFilterSet(StrictFilterSet):
    """Filters of the list of areas."""

    active = StrictBooleanFilter()

    class Meta:
        model = Area
        fields: list[str] = []


class BagListParams(PageParams):
    """Parameters of the list of bags; `after` is for exports, the others for pages."""

    format = serializers.ChoiceField(["json", "ndjson", "csv"], default=None)
    order = serializers.ChoiceField(BAG_ORDERS, default="id")
    after = serializers.IntegerField(min_value=0, max_value=MAX_ID, default=0)


class BatchListParams(PageParams):
    """Parameters of the list of batches."""

    order = serializers.ChoiceField(BATCH_ORDERS, default="-id")


class AreaListParams(PageParams):
    """Parameters of the list of areas."""

    per_page = serializers.IntegerField(
        min_value=1, max_value=MAX_ROWS_PER_PAGE, default=MAX_ROWS_PER_PAGE
    )
    order = serializers.ChoiceField(AREA_ORDERS, default="code")


class BagTypeListParams(AreaListParams):
    """Parameters of the list of bag types."""

    order = serializers.ChoiceField(BAG_TYPE_ORDERS, default="name")


class SearchParams(serializers.Serializer[Any]):
    """Parameters of the search."""

    q = serializers.CharField(max_length=512)


@extend_schema_serializer(examples=[OpenApiExample("Change", {"notes": "from the north field"})])
class BatchChangeIn(serializers.Serializer[Any]):
    """Fields of a batch that can be changed. State and hold are changed by actions."""

    product = CleanTextField(max_length=64)
    variety = CleanTextField(max_length=64, allow_blank=True)
    produced_on = serializers.DateField()
    expires_on = serializers.DateField(allow_null=True)
    planned_bags = serializers.IntegerField(min_value=0, max_value=MAX_PLANNED_BAGS)
    notes = CleanTextField(lines=True, max_length=MAX_NOTES_CHARS, allow_blank=True)


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "New batch",
            {
                "code": "LOT-2",
                "product": "Mustard",
                "bag_type": "mustard",
                "produced_on": "2026-11-01",
            },
        )
    ]
)
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

    def validate_code(self, text: str) -> str:
        code = normalize_code(text)
        if code is None:
            raise BadCode(given=printable(text))
        return code


@extend_schema_serializer(examples=[OpenApiExample("Hold", {"reason": "smells"})])
class HoldIn(serializers.Serializer[Any]):
    """The reason of a hold."""

    reason = CleanTextField(max_length=MAX_REASON_CHARS)

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(reason := data.get("reason"), str) and not clean_text(reason):
            raise ReasonMissing
        return super().to_internal_value(data)


@extend_schema_serializer(examples=[OpenApiExample("Change", {"name": "Lucknow North"})])
class AreaChangeIn(serializers.Serializer[Any]):
    """Fields of an area that can be changed. Sheets and devices refer to its code, which stays."""

    name = CleanTextField(max_length=64)
    gln = serializers.RegexField(r"^[0-9]{13}\Z", allow_blank=True)
    active = serializers.BooleanField()


@extend_schema_serializer(examples=[OpenApiExample("New area", {"code": "kota", "name": "Kota"})])
class AreaIn(serializers.Serializer[Any]):
    """A new area."""

    code = serializers.RegexField(r"^[a-z0-9][a-z0-9-]{0,31}\Z")
    name = CleanTextField(max_length=64)
    gln = serializers.RegexField(r"^[0-9]{13}\Z", allow_blank=True, default="")
    active = serializers.BooleanField(default=True)


@extend_schema_serializer(examples=[OpenApiExample("Change", {"capacity": 20})])
class BagTypeChangeIn(serializers.Serializer[Any]):
    """Fields of a bag type that can be changed, for bags that are registered from now on."""

    parent_pattern = serializers.CharField(validators=[check_pattern])
    child_pattern = serializers.CharField(validators=[check_pattern])
    capacity = serializers.IntegerField(min_value=1, max_value=1000)
    child_weight = serializers.DecimalField(8, 3, min_value=Decimal("0.001"))


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "New bag type",
            {"name": "jute", "parent_pattern": "JP\\d{5}", "child_pattern": "JC\\d{9}"},
        )
    ]
)
class BagTypeIn(BagTypeChangeIn):
    """A new bag type."""

    name = serializers.RegexField(r"^[-a-zA-Z0-9_]{1,32}\Z")
    capacity = serializers.IntegerField(min_value=1, max_value=1000, default=30)
    child_weight = serializers.DecimalField(
        8, 3, min_value=Decimal("0.001"), default=Decimal("1.000")
    )


@extend_schema_serializer(examples=[OpenApiExample("Bag", BAG_EXAMPLE)])
class BagSerializer(serializers.Serializer[Bag]):
    """A bag. `parent`, `child_count` and `capacity` are null if its kind has none; weight in kg."""

    id = serializers.IntegerField()
    code = serializers.CharField()
    kind = serializers.ChoiceField(Kind.choices)
    bag_type = UserTextField(source="bag_type.name")
    batch = serializers.CharField(source="batch.code", allow_null=True)
    area = serializers.CharField(source="area.code")
    bound_for = serializers.CharField(source="bound_for.code", allow_null=True)
    state = serializers.ChoiceField(State.choices)
    parent = serializers.CharField(source="parent.code", allow_null=True)  # type: ignore[assignment]
    child_count = ChildCountField()
    capacity = CountField(allow_null=True)
    weight = WeightField()


@extend_schema_serializer(component_name="Child")
class ChildSerializer(serializers.Serializer[Bag]):
    """A bag within its parent."""

    code = serializers.CharField()
    state = serializers.ChoiceField(State.choices)
    area = serializers.CharField(source="area.code")
    batch = serializers.CharField(source="batch.code", allow_null=True)
    weight = WeightField()


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "Children",
            {
                "code": "SB10001",
                "capacity": 30,
                "results": [
                    {
                        "code": "CB001000101", "state": "linked", "area": "lucknow", "batch": None,
                        "weight": "1.000",
                    }
                ],
            },
        )
    ]
)  # fmt: skip
class ChildrenSerializer(serializers.Serializer[Any]):
    """A parent and the bags in it, in the order of their codes."""

    code = serializers.CharField()
    capacity = CountField(allow_null=True)
    results = ChildSerializer(many=True)


class FoundBatchSerializer(serializers.Serializer[Any]):
    """A batch that a search found."""

    code = serializers.CharField()
    product = serializers.CharField()
    variety = serializers.CharField()
    state = serializers.CharField()
    held = serializers.BooleanField()


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "Prefix",
            {
                "by": "prefix",
                "bags": [BAG_EXAMPLE],
                "batches": [
                    {
                        "code": "LOT-1", "product": "Mustard", "variety": "", "state": "open",
                        "held": False,
                    }
                ],
                "more": False,
            },
        )
    ]
)  # fmt: skip
class SearchSerializer(serializers.Serializer[Any]):
    """The bags and batches that a search found; `more` if there are further bags."""

    by = serializers.ChoiceField(["exact", "prefix", "suffix", "contains", "none"])
    bags = BagSerializer(many=True)
    batches = FoundBatchSerializer(many=True)
    more = serializers.BooleanField()


@extend_schema_serializer(examples=[OpenApiExample("Batch", BATCH_EXAMPLE)])
class BatchSerializer(serializers.Serializer[Batch]):
    """A batch, with its hold if it has one."""

    code = serializers.CharField()
    product = serializers.CharField()
    variety = serializers.CharField()
    bag_type = serializers.CharField(source="bag_type.name")
    produced_on = serializers.DateField()
    expires_on = serializers.DateField(allow_null=True)
    planned_bags = CountField()
    notes = serializers.CharField()
    state = serializers.ChoiceField(Batch.State.choices)
    held = serializers.BooleanField()
    held_reason = serializers.CharField()
    held_at = TimestampField(allow_null=True)
    held_by = serializers.CharField(source="held_by.username", allow_null=True)


class BagsByStateSerializer(serializers.Serializer[Any]):
    """The number of bags of one kind in one state."""

    kind = serializers.ChoiceField(Kind.choices)
    state = serializers.ChoiceField(State.choices)
    total = CountField()


class BagsByAreaSerializer(serializers.Serializer[Any]):
    """The number of bags in one area."""

    area = serializers.CharField()
    total = CountField()


class ContentsSerializer(serializers.Serializer[Any]):
    """The bags of a batch, counted. `progress` is their share of the planned bags."""

    parents = CountField()
    children = CountField()
    loose = CountField()
    by_state = BagsByStateSerializer(many=True)
    by_area = BagsByAreaSerializer(many=True)
    planned_bags = CountField()
    progress = serializers.FloatField(allow_null=True)


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "Batch",
            BATCH_EXAMPLE
            | {
                "contents": {
                    "parents": 2, "children": 0, "loose": 0,
                    "by_state": [{"kind": "parent", "state": "open", "total": 2}],
                    "by_area": [{"area": "lucknow", "total": 2}],
                    "planned_bags": 100, "progress": 0.02,
                }
            },
        )
    ]
)  # fmt: skip
class BatchWithContentsSerializer(BatchSerializer):
    """A batch, its hold, and its bags, counted."""

    contents = ContentsSerializer()


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "Area",
            {"code": "lucknow", "name": "Lucknow", "gln": "", "active": True, "yours": True},
        )
    ]
)
class AreaSerializer(serializers.Serializer[Area]):
    """An area; `yours` if the user may see and scan its bags."""

    # The context must have `visible_area_ids`: the ids of the user's areas, None for all areas.

    code = serializers.CharField()
    name = serializers.CharField()
    gln = serializers.CharField()
    active = serializers.BooleanField()
    yours = serializers.SerializerMethodField()

    def get_yours(self, area: Area) -> bool:
        """Return whether the area is one of the user's areas."""
        visible = self.context["visible_area_ids"]
        return visible is None or area.pk in visible


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "Bag type",
            {
                "name": "mustard", "parent_pattern": "SB\\d{5,8}", "child_pattern": "CB\\d{9}",
                "capacity": 30, "child_weight": "1.000",
            },
        )
    ]
)  # fmt: skip
class BagTypeSerializer(serializers.Serializer[BagType]):
    """A bag type, with the patterns that recognize its codes; weight in kg."""

    name = serializers.CharField()
    parent_pattern = serializers.CharField()
    child_pattern = serializers.CharField()
    capacity = CountField()
    child_weight = WeightField()


# How lists read these fields from the database.
BAG_COLUMNS = list_columns(
    BagSerializer,
    child_count=Case(When(kind=Kind.PARENT, then=F("child_count"))),
    weight=Cast("weight", TextField()),
)
CHILD_COLUMNS = {name: BAG_COLUMNS[name] for name in field_names(ChildSerializer)}
BATCH_COLUMNS = list_columns(BatchSerializer)
BAG_EXPORT_COLUMNS = export_columns(BagSerializer, BAG_COLUMNS)
