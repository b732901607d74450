"""Serializers of requests and responses about scans.

The OpenAPI document shows the docstrings of the serializers as descriptions.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from django.utils import timezone
from django_filters import ChoiceFilter
from drf_spectacular.utils import OpenApiExample, extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from bags.api.serializers import MAX_ID, BagSerializer
from bags.models import Bag, Batch, Kind, State
from scans.models import Outcome, Scan, Step
from scans.recording.record_scan import ScanResult
from scans.scan_request import (
    MAX_NOTE_CHARS,
    MAX_STATION_CHARS,
    ScanRequest,
    parse_scan_request,
)
from tracetrack.api.fields import (
    CountField,
    TimestampField,
    UserTextField,
    WeightField,
    export_columns,
    list_columns,
)
from tracetrack.api.filters import StrictFilterSet, text_filter
from tracetrack.api.list_view import MAX_ROWS_PER_PAGE, PageParams
from tracetrack.api.params import field_names
from tracetrack.errors.problem import BadRequest, BadRow, Problem
from tracetrack.imports.csv import Verdict

# Refs and field names of a request are repeated in responses up to this length.
MAX_ECHOED_CHARS = 64
# The orders of a list: unique columns, each with an index.
SCAN_ORDERS = ("-id", "id")
SCAN_EXAMPLE = {
    "id": 14, "ref": "07829d52-82e8-4f7e-9934-ac8b7c9a4b77", "step": "link", "outcome": "applied",
    "unexpected": False, "forced": False, "code": "CB001000190", "kind": "child",
    "parent": "SB10001", "area": "lucknow", "station": "gate 1", "username": "asha",
    "scanned_at": "2026-11-23T14:27:45+00:00", "recorded_at": "2026-11-23T14:27:46+00:00",
    "note": "", "undoes": None,
}  # fmt: skip
TIMELINE_EXAMPLE = SCAN_EXAMPLE | {"undone": False, "through": None}
NEW_SCAN_EXAMPLE = {
    "ref": "07829d52-82e8-4f7e-9934-ac8b7c9a4b77", "step": "link", "code": "CB001000190",
    "parent_code": "SB10001", "area": "lucknow", "scanned_at": "2026-11-23T19:57:45+05:30",
    "station": "gate 1",
}  # fmt: skip
ENTERED_EXAMPLE = {
    "id": 14, "step": "link", "scanned_at": "2026-11-23T14:27:45+00:00", "area": "lucknow",
    "username": "asha",
}  # fmt: skip
TIMES_EXAMPLE = {
    "scans": 1, "first": "2026-11-23T14:27:45+00:00", "last": "2026-11-23T14:27:45+00:00",
}  # fmt: skip
TRACE_EXAMPLE = {
    "code": "CB001000190", "kind": "child", "bag_type": "mustard", "at": None,
    "position": {
        "state": "linked", "area": "lucknow", "bound_for": None, "parent": "SB10001",
        "child_count": None, "capacity": None, "weight": "1.000",
    },
    "batch": None,
    "parents": [{"code": "SB10001", "batch": "LOT-1", "entered": ENTERED_EXAMPLE, "left": None}],
    "children": [], "siblings": [{"code": "CB001000101", "batch": None}],
    "lots": [{"batch": None, "children": 2}], "left_out": 0, "truncated": False,
    "places": [{"area": "lucknow"} | TIMES_EXAMPLE],
    "hands": [{"username": "asha"} | TIMES_EXAMPLE],
    "way": [TIMELINE_EXAMPLE], "next": None,
}  # fmt: skip


class ScanFilterSet(StrictFilterSet):
    """The filters of the list of scans: arguments of ScanFilters, each with an index."""

    step = ChoiceFilter(choices=Step.choices)
    area = text_filter(32)
    username = text_filter(150)

    class Meta:
        model = Scan
        fields: list[str] = []


class ScanStreamFilterSet(ScanFilterSet):
    """The filters of the stream of scans: the arguments of ScanFilters."""

    outcome = ChoiceFilter(choices=Outcome.choices)


class ScanStreamParams(serializers.Serializer[Any]):
    """The parameters of the stream of scans: its format, and the id after which it starts."""

    format = serializers.ChoiceField(["ndjson", "csv"], default=None)
    after = serializers.IntegerField(min_value=0, max_value=MAX_ID, default=0)


class ScanListParams(PageParams):
    """The parameters of the list of scans. `limit` is the deprecated name of `per_page`."""

    per_page = serializers.IntegerField(min_value=1, max_value=MAX_ROWS_PER_PAGE, default=10)
    limit = serializers.IntegerField(min_value=1, max_value=100, default=None)
    order = serializers.ChoiceField(SCAN_ORDERS, default="-id")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        limit = attrs.pop("limit")
        if limit is not None and "per_page" in self.initial_data:
            raise serializers.ValidationError({"limit": "goes without per_page"})
        return attrs if limit is None else attrs | {"per_page": limit}


class AwareDateTimeField(serializers.DateTimeField):
    """A date and time that must have an offset from UTC; the value is in UTC."""

    def enforce_timezone(self, value: datetime) -> datetime:
        if value.tzinfo is None:
            raise serializers.ValidationError("has no offset; +05:30 is sent as %2B05:30")
        try:
            return value.astimezone(UTC)
        except OverflowError:
            raise serializers.ValidationError("is out of range") from None


class RecallParams(serializers.Serializer[Any]):
    """The parameters of a recall: its format, and the id after which it resumes."""

    format = serializers.ChoiceField(["ndjson", "csv"], default=None)
    after = serializers.IntegerField(min_value=0, max_value=MAX_ID, default=0)


class TraceParams(serializers.Serializer[Any]):
    """The parameters of a trace: the moment, and the page of the timeline."""

    at = AwareDateTimeField(default=None)
    per_page = serializers.IntegerField(min_value=1, max_value=500, default=500)
    cursor = serializers.CharField(default=None)

    def validate_at(self, at: datetime | None) -> datetime | None:
        if at is not None and at > timezone.now():
            raise serializers.ValidationError("is in the future")
        return at


class UploadParams(serializers.Serializer[Any]):
    """The parameters of an upload: whether one refused scan refuses all."""

    mode = serializers.ChoiceField(["each", "all"], default="each")


@extend_schema_serializer(
    component_name="NewScan", examples=[OpenApiExample("Link", NEW_SCAN_EXAMPLE)]
)
class NewScanSerializer(serializers.Serializer[Any]):
    """A scan to record."""

    # Describes the body for the document. parse_scan_body() only uses the names of the fields.

    ref = serializers.UUIDField()
    step = serializers.ChoiceField(Step.choices)
    code = serializers.CharField(min_length=3, max_length=512)
    parent_code = serializers.CharField(
        min_length=3, max_length=512, allow_null=True, required=False
    )
    area = serializers.CharField(min_length=1, max_length=32)
    scanned_at = serializers.DateTimeField()
    station = serializers.CharField(max_length=MAX_STATION_CHARS, allow_null=True, required=False)
    note = serializers.CharField(max_length=MAX_NOTE_CHARS, allow_null=True, required=False)
    kind = serializers.ChoiceField(Kind.choices, allow_null=True, required=False)
    force = serializers.BooleanField(required=False)
    undoes = serializers.IntegerField(
        min_value=1, max_value=MAX_ID, allow_null=True, required=False
    )


@extend_schema_serializer(
    component_name="NewUndo",
    examples=[
        OpenApiExample(
            "Undo", {"ref": "aba049fc-1d25-42ff-88a3-72f6b7a6be0e", "reason": "wrong sack"}
        )
    ],
)
class NewUndoSerializer(serializers.Serializer[Any]):
    """The undo of a scan. Fields that are left out are taken from the scan."""

    # Describes the body for the document. parse_undo_body() only uses the names of the fields.

    ref = serializers.UUIDField()
    reason = serializers.CharField(max_length=MAX_NOTE_CHARS, allow_null=True, required=False)
    area = serializers.CharField(min_length=1, max_length=32, required=False)
    station = serializers.CharField(max_length=MAX_STATION_CHARS, allow_null=True, required=False)
    scanned_at = serializers.DateTimeField(required=False)


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "Scan",
            {
                "id": 8, "timestamp": "2026-11-23T14:27:45+00:00", "code": "CB001000101",
                "kind": "child", "step": "link", "area": "lucknow", "username": "asha",
                "outcome": "applied",
            },
        )
    ]
)  # fmt: skip
class LatestScanSerializer(serializers.Serializer[Scan]):
    """A scan in the list of scans. `timestamp` is its `scanned_at`."""

    id = serializers.IntegerField()
    timestamp = TimestampField(source="scanned_at")
    code = serializers.CharField(source="bag.code")
    kind = serializers.ChoiceField(Kind.choices, source="bag.kind")
    step = serializers.ChoiceField(Step.choices)
    area = serializers.CharField(source="area.code")
    username = UserTextField(source="actor.username")
    outcome = serializers.ChoiceField(Outcome.choices)


class ScanSerializer(serializers.Serializer[Scan]):
    """A scan: a row of the ledger."""

    id = serializers.IntegerField()
    ref = serializers.UUIDField()
    step = serializers.ChoiceField(Step.choices)
    outcome = serializers.ChoiceField(Outcome.choices)
    unexpected = serializers.BooleanField()
    forced = serializers.BooleanField()
    code = serializers.CharField(source="bag.code")
    kind = serializers.ChoiceField(Kind.choices, source="bag.kind")
    parent = serializers.CharField(source="parent.code", allow_null=True)  # type: ignore[assignment]
    area = serializers.CharField(source="area.code")
    station = UserTextField()
    username = UserTextField(source="actor.username")
    scanned_at = TimestampField()
    recorded_at = TimestampField()
    note = UserTextField()
    undoes = serializers.IntegerField(source="undoes_id", allow_null=True)


class TimelineScanSerializer(ScanSerializer):
    """A scan on the timeline of a bag.

    `undone` if it was undone; `through` is the parent that it moved, if the bag was in that parent.
    """

    undone = serializers.BooleanField()
    through = serializers.CharField(allow_null=True)


@extend_schema_serializer(
    examples=[OpenApiExample("Timeline", {"code": "CB001000190", "results": [TIMELINE_EXAMPLE]})]
)
class TimelineSerializer(serializers.Serializer[Any]):
    """The scans of a bag, in the order of `scanned_at`."""

    code = serializers.CharField()
    results = TimelineScanSerializer(many=True)


class ParentFillSerializer(serializers.Serializer[Bag]):
    """How full the parent is after a scan."""

    code = serializers.CharField()
    count = CountField(source="child_count")
    capacity = serializers.SerializerMethodField()
    remaining = serializers.SerializerMethodField()
    state = serializers.ChoiceField(State.choices)

    @extend_schema_field(CountField)
    def get_capacity(self, parent: Bag) -> int:
        """Return how many children the parent holds when full."""
        return parent.capacity or 0

    @extend_schema_field(CountField)
    def get_remaining(self, parent: Bag) -> int:
        """Return how many children the parent still takes."""
        return (parent.capacity or 0) - parent.child_count


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "Link",
            {
                "verdict": "applied",
                "scan": SCAN_EXAMPLE,
                "bag": {
                    "id": 8, "code": "CB001000190", "kind": "child", "bag_type": "mustard",
                    "batch": None, "area": "lucknow", "bound_for": None, "state": "linked",
                    "parent": "SB10001", "child_count": None, "capacity": None, "weight": "1.000",
                },
                "parent": {
                    "code": "SB10001", "count": 3, "capacity": 30, "remaining": 27, "state": "open",
                },
            },
        )
    ]
)  # fmt: skip
class ScanResultSerializer(serializers.Serializer[ScanResult]):
    """The effect of a scan: its verdict, its row, and the bag and its parent as they are now."""

    verdict = serializers.ChoiceField(["applied", "already", "replayed"])
    scan = ScanSerializer()
    bag = BagSerializer()
    parent = ParentFillSerializer(allow_null=True)


class UploadCountsSerializer(serializers.Serializer[Any]):
    """The number of scans of an upload by verdict."""

    applied = CountField()
    already = CountField()
    replayed = CountField()
    refused = CountField()


class UploadVerdictSerializer(serializers.Serializer[Any]):
    """The verdict on one scan of an upload; a refused one comes with its error."""

    ref = serializers.CharField(allow_null=True)
    verdict = serializers.ChoiceField(["applied", "already", "replayed", "refused"])
    code = serializers.CharField(required=False)
    title = serializers.CharField(required=False)
    detail = serializers.CharField(required=False)
    facts = serializers.DictField(required=False)


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "Upload",
            {
                "total": 1,
                "counts": {"applied": 1, "already": 0, "replayed": 0, "refused": 0},
                "results": [{"ref": "07829d52-82e8-4f7e-9934-ac8b7c9a4b77", "verdict": "applied"}],
            },
        )
    ]
)
class UploadResultSerializer(serializers.Serializer[Any]):
    """The verdicts on an upload, in its order."""

    total = CountField()
    counts = UploadCountsSerializer()
    results = UploadVerdictSerializer(many=True)


class TraceScanSerializer(serializers.Serializer[Any]):
    """A scan that moved a bag into or out of a parent."""

    id = serializers.IntegerField()
    step = serializers.ChoiceField(Step.choices)
    scanned_at = TimestampField()
    area = serializers.CharField()
    username = serializers.CharField()


class ContainmentSerializer(serializers.Serializer[Any]):
    """The time that a bag was in another one. `code` and `batch` are those of the other bag."""

    code = serializers.CharField()
    batch = serializers.CharField(allow_null=True)
    entered = TraceScanSerializer()
    left = TraceScanSerializer(allow_null=True)


class PositionSerializer(serializers.Serializer[Any]):
    """The state of a bag at an instant."""

    state = serializers.ChoiceField(State.choices)
    area = serializers.CharField()
    bound_for = serializers.CharField(allow_null=True)
    parent = serializers.CharField(allow_null=True)  # type: ignore[assignment]
    child_count = CountField(allow_null=True)
    capacity = CountField(allow_null=True)
    weight = WeightField()


class TraceBatchSerializer(serializers.Serializer[Any]):
    """The batch of a traced bag."""

    code = serializers.CharField()
    product = serializers.CharField()
    variety = serializers.CharField()
    produced_on = serializers.DateField()
    expires_on = serializers.DateField(allow_null=True)
    state = serializers.ChoiceField(Batch.State.choices)
    held = serializers.BooleanField()


class SiblingSerializer(serializers.Serializer[Any]):
    """Another bag in the same parent."""

    code = serializers.CharField()
    batch = serializers.CharField(allow_null=True)


class LotSerializer(serializers.Serializer[Any]):
    """The number of children of one batch in a parent."""

    batch = serializers.CharField(allow_null=True)
    children = CountField()


class TraceAreaSerializer(serializers.Serializer[Any]):
    """The scans of a bag in one area."""

    area = serializers.CharField()
    scans = CountField()
    first = TimestampField()
    last = TimestampField()


class TraceUserSerializer(serializers.Serializer[Any]):
    """The scans of a bag by one user."""

    username = serializers.CharField()
    scans = CountField()
    first = TimestampField()
    last = TimestampField()


@extend_schema_serializer(examples=[OpenApiExample("Trace", TRACE_EXAMPLE)])
class TraceSerializer(serializers.Serializer[Any]):
    """The chain of a bag: batch, parents or children, siblings, areas, users and timeline.

    `left_out` is the number of containments that are not listed; `truncated` if the past is too
    long to be read completely.
    """

    code = serializers.CharField()
    kind = serializers.ChoiceField(Kind.choices)
    bag_type = serializers.CharField()
    at = TimestampField(allow_null=True)
    position = PositionSerializer(allow_null=True)
    batch = TraceBatchSerializer(allow_null=True)
    parents = ContainmentSerializer(many=True)
    children = ContainmentSerializer(many=True)
    siblings = SiblingSerializer(many=True)
    lots = LotSerializer(many=True)
    left_out = CountField()
    truncated = serializers.BooleanField()
    places = TraceAreaSerializer(many=True)
    hands = TraceUserSerializer(many=True)
    way = TimelineScanSerializer(many=True)
    next = serializers.CharField(allow_null=True)


# How lists and exports read these fields from the database.
LATEST_SCAN_COLUMNS = list_columns(LatestScanSerializer)
SCAN_EXPORT_COLUMNS = export_columns(ScanSerializer, list_columns(ScanSerializer))


@dataclass(frozen=True, slots=True)
class UploadItem:
    """One scan of an upload: its ref, and the parsed request or the Problem found in it."""

    ref: str | None
    row: ScanRequest | Problem


def parse_upload_item(item: object) -> UploadItem:
    """Return one item of an upload, parsed like the body of a single scan."""
    if isinstance(item, BadRequest):
        return UploadItem(None, BadRow(field="scan", reason=item.facts["reason"]))
    if not isinstance(item, dict):
        return UploadItem(None, BadRow(field="scan", reason="is not a JSON object"))
    value = item.get("ref")
    ref = value[:MAX_ECHOED_CHARS] if isinstance(value, str) else None
    try:
        scan_request = parse_scan_body(item)
    except Problem as problem:
        return UploadItem(ref, problem)
    return UploadItem(str(scan_request.ref), scan_request)


def verdict_json(item: UploadItem, verdict: Verdict) -> dict[str, Any]:
    """Return the verdict on one scan of an upload, with the Problem that refused it."""
    problem = verdict.problem
    if problem is None:
        return {"ref": item.ref, "verdict": verdict.name}
    return {
        "ref": item.ref,
        "verdict": "refused",
        "code": problem.code,
        "title": problem.title,
        "detail": str(problem),
        "facts": problem.facts,
    }


def parse_scan_body(body: Mapping[str, Any]) -> ScanRequest:
    """Return the scan request in a JSON body. Raises BadCode, BadRow."""
    scan_request = parse_scan_request(body)
    _check_fields(body, field_names(NewScanSerializer))
    return scan_request


def parse_undo_body(body: Mapping[str, Any], target: Scan, *, now: datetime) -> ScanRequest:
    """Return the scan request that undoes `target`; missing fields are taken from there.

    Raises BadRow.
    """
    _check_fields(body, field_names(NewUndoSerializer))
    # The area of a dispatch is its destination; the user who undoes it is where it started.
    area = target.was_area if target.step == Step.DISPATCH and target.was_area else target.area
    scan_request = parse_scan_request(
        {
            "ref": body.get("ref"),
            "step": Step.UNDO.value,
            "code": target.bag.code,
            "area": body.get("area", area.code),
            "scanned_at": body.get("scanned_at", now),
            "station": body.get("station"),
            "note": body.get("reason"),
            "undoes": target.pk,
        }
    )
    return replace(scan_request, has_scanned_at="scanned_at" in body)


def _check_fields(body: Mapping[str, Any], known: Collection[str]) -> None:
    for name in body:
        if name not in known:
            raise BadRow(field=name[:MAX_ECHOED_CHARS], reason="is not a field of this request")
