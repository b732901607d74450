"""What requests about scans may say, and scans as JSON."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from django.utils import timezone
from django_filters import ChoiceFilter
from rest_framework import serializers

from bags.api.serializers import MAX_ID
from bags.models import Bag
from bags.queries import bag_json
from scans.models import Outcome, Scan, Step
from scans.recording.record_scan import ScanResult
from scans.scan_request import ScanRequest, parse_scan_request
from tracetrack.api.filters import StrictFilterSet, text_filter
from tracetrack.api.list_view import MAX_ROWS_PER_PAGE, PageParams
from tracetrack.db.export import Cell, Column
from tracetrack.errors.problem import BadRequest, BadRow, Problem
from tracetrack.imports.csv import Verdict

SCAN_FIELDS = frozenset(
    {
        "ref", "step", "code", "parent_code", "area", "scanned_at",
        "station", "note", "kind", "force", "undoes",
    }
)  # fmt: skip
UNDO_FIELDS = frozenset({"ref", "reason", "area", "station", "scanned_at"})


# What a list can be ordered by: unique columns, each with an index that is read from there on.
SCAN_ORDERS = ("-id", "id")
# The columns of a stream of scans: what scan_json() gives.
SCAN_COLUMNS = (
    Column("id", "id"),
    Column("ref", "ref"),
    Column("step", "step"),
    Column("outcome", "outcome"),
    Column("unexpected", "unexpected", Cell.BOOLEAN),
    Column("forced", "forced", Cell.BOOLEAN),
    Column("code", "bag__code"),
    Column("kind", "bag__kind"),
    Column("parent", "parent__code"),
    Column("area", "area__code"),
    Column("station", "station", Cell.USER_TEXT),
    Column("username", "actor__username", Cell.USER_TEXT),
    Column("scanned_at", "scanned_at", Cell.TIMESTAMP),
    Column("recorded_at", "recorded_at", Cell.TIMESTAMP),
    Column("note", "note", Cell.USER_TEXT),
    Column("undoes", "undoes_id"),
)


class ScanFilterSet(StrictFilterSet):
    """What the list of scans can be narrowed by: arguments of ScanFilters, each with an index."""

    step = ChoiceFilter(choices=Step.choices)
    area = text_filter(32)
    username = text_filter(150)

    class Meta:
        model = Scan
        fields: list[str] = []


class ScanStreamFilterSet(ScanFilterSet):
    """What the stream of scans can be narrowed by: the arguments of ScanFilters."""

    outcome = ChoiceFilter(choices=Outcome.choices)


class ScanStreamIn(serializers.Serializer[Any]):
    """Parameters of the stream of scans: how it is sent, where it goes on."""

    format = serializers.ChoiceField(["ndjson", "csv"], default=None)
    after = serializers.IntegerField(min_value=0, max_value=MAX_ID, default=0)


class ScanListIn(PageParams):
    """Parameters of the list of scans: where it goes on. `limit` is what per_page was called."""

    per_page = serializers.IntegerField(min_value=1, max_value=MAX_ROWS_PER_PAGE, default=10)
    limit = serializers.IntegerField(min_value=1, max_value=100, default=None)
    order = serializers.ChoiceField(SCAN_ORDERS, default="-id")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        limit = attrs.pop("limit")
        if limit is not None and "per_page" in self.initial_data:
            raise serializers.ValidationError({"limit": "goes without per_page"})
        return attrs if limit is None else attrs | {"per_page": limit}


class Instant(serializers.DateTimeField):
    """A moment with its offset: without one, nobody knows which moment is meant."""

    def enforce_timezone(self, value: datetime) -> datetime:
        if value.tzinfo is None:
            raise serializers.ValidationError("has no offset; +05:30 is sent as %2B05:30")
        try:
            return value.astimezone(UTC)
        except OverflowError:
            raise serializers.ValidationError("is out of range") from None


class RecallIn(serializers.Serializer[Any]):
    """How a recall is sent, and where it goes on."""

    format = serializers.ChoiceField(["ndjson", "csv"], default=None)
    after = serializers.IntegerField(min_value=0, max_value=MAX_ID, default=0)


class TraceIn(serializers.Serializer[Any]):
    """At which moment, and where the way goes on."""

    at = Instant(default=None)
    per_page = serializers.IntegerField(min_value=1, max_value=500, default=500)
    cursor = serializers.CharField(default=None)

    def validate_at(self, given: datetime | None) -> datetime | None:
        if given is not None and given > timezone.now():
            raise serializers.ValidationError("lies in the future")
        return given


class UploadIn(serializers.Serializer[Any]):
    """Whether an upload is taken scan by scan, or all of it or nothing."""

    mode = serializers.ChoiceField(["each", "all"], default="each")


@dataclass(frozen=True, slots=True)
class Uploaded:
    """One scan of an upload: the ref that it gave, and what it asks for or why it cannot be."""

    ref: str | None
    row: ScanRequest | Problem


def uploaded(item: object) -> Uploaded:
    """One item of an upload, read as a single scan would be."""
    if isinstance(item, BadRequest):
        return Uploaded(None, BadRow(field="scan", reason=item.facts["reason"]))
    if not isinstance(item, dict):
        return Uploaded(None, BadRow(field="scan", reason="is not a JSON object"))
    given = item.get("ref")
    ref = given[:64] if isinstance(given, str) else None
    try:
        scan_request = parse_scan_body(item)
    except Problem as problem:
        return Uploaded(ref, problem)
    return Uploaded(str(scan_request.ref), scan_request)


def verdict_json(item: Uploaded, verdict: Verdict) -> dict[str, Any]:
    """What became of one scan of an upload."""
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
    """The scan that a request asks for; raises BadCode, BadRow."""
    scan_request = parse_scan_request(body)
    _check_known(body, SCAN_FIELDS)
    return scan_request


def parse_undo_body(body: Mapping[str, Any], target: Scan, *, now: datetime) -> ScanRequest:
    """The scan that undoes `target`; what the request does not say is taken from there."""
    _check_known(body, UNDO_FIELDS)
    # Where a dispatch goes is not where the one stands who undoes it.
    stood = target.was_area if target.step == Step.DISPATCH and target.was_area else target.area
    scan_request = parse_scan_request(
        {
            "ref": body.get("ref"),
            "step": Step.UNDO.value,
            "code": target.bag.code,
            "area": body.get("area", stood.code),
            "scanned_at": body.get("scanned_at", now),
            "station": body.get("station"),
            "note": body.get("reason"),
            "undoes": target.pk,
        }
    )
    return replace(scan_request, timed="scanned_at" in body)


def scan_result_json(recorded: ScanResult) -> dict[str, Any]:
    """The answer to a scan: what became of it, and what the operator wants to see next."""
    return {
        "verdict": recorded.verdict,
        "scan": scan_json(recorded.scan),
        "bag": bag_json(recorded.bag),
        "parent": parent_json(recorded.parent) if recorded.parent else None,
    }


def scan_json(scan: Scan) -> dict[str, Any]:
    """One row of the ledger."""
    return {
        "id": scan.pk,
        "ref": str(scan.ref),
        "step": scan.step,
        "outcome": scan.outcome,
        "unexpected": scan.unexpected,
        "forced": scan.forced,
        "code": scan.bag.code,
        "kind": scan.bag.kind,
        "parent": scan.parent.code if scan.parent else None,
        "area": scan.area.code,
        "station": scan.station,
        "username": scan.actor.username,
        "scanned_at": scan.scanned_at.isoformat(),
        "recorded_at": scan.recorded_at.isoformat(),
        "note": scan.note,
        "undoes": scan.undoes_id,
    }


def parent_json(parent: Bag) -> dict[str, Any]:
    """How full a parent is: n of so many, and what remains."""
    capacity = parent.capacity or 0
    return {
        "code": parent.code,
        "count": parent.child_count,
        "capacity": capacity,
        "remaining": capacity - parent.child_count,
        "state": parent.state,
    }


def _check_known(body: Mapping[str, Any], known: frozenset[str]) -> None:
    for name in body:
        if name not in known:
            raise BadRow(field=name[:64], reason="is not a field of this request")
