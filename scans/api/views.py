"""Endpoints of scans: record, undo, list and export them; timelines, traces and recalls."""

import threading
from collections import Counter
from collections.abc import Sequence
from datetime import date
from functools import partial
from itertools import islice
from typing import Any

from django.conf import settings
from django.http import HttpResponse, StreamingHttpResponse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiRequest, extend_schema
from rest_framework.request import Request

from bags.api.bags import BAG_CODE
from bags.api.batches import BATCH_CODE
from bags.errors import (
    AreaUnknown,
    BadCode,
    BagUnknown,
    BatchClosed,
    BatchHeld,
    BatchUnknown,
    ChildElsewhere,
    NotComplete,
    NotLinked,
    ParentComplete,
    ParentDispatched,
    ParentEmpty,
    ParentFull,
    ReasonMissing,
    WrongKind,
)
from bags.models import Bag
from bags.queries import find_bag, find_batch
from bags.querysets import visibility_key, visible_area_ids
from scans import queries
from scans.api.serializers import (
    LATEST_SCAN_COLUMNS,
    NEW_SCAN_EXAMPLE,
    SCAN_EXPORT_COLUMNS,
    LatestScanSerializer,
    NewScanSerializer,
    NewUndoSerializer,
    RecallParams,
    ScanFilterSet,
    ScanListParams,
    ScanResultSerializer,
    ScanStreamFilterSet,
    ScanStreamParams,
    TimelineScanSerializer,
    TimelineSerializer,
    TraceParams,
    TraceSerializer,
    UploadItem,
    UploadParams,
    UploadResultSerializer,
    parse_scan_body,
    parse_undo_body,
    parse_upload_item,
    verdict_json,
)
from scans.errors import (
    AlreadyUndone,
    AreaForbidden,
    ClockAhead,
    NotUndoable,
    RefReused,
    ScanUnknown,
    TooManyScans,
    UndoDepends,
    UndoNotAllowed,
    UploadRefused,
)
from scans.history.recall import stream_recall
from scans.history.timeline import timeline
from scans.history.trace import trace
from scans.models import Outcome, Scan
from scans.recording.bulk import record_upload
from scans.recording.record_scan import ScanResult, record_scan
from tracetrack.api import cursors
from tracetrack.api.bulk_parsers import JsonArrayParser, NdjsonParser
from tracetrack.api.deprecation import Deprecated
from tracetrack.api.fields import to_json
from tracetrack.api.list_view import ListView
from tracetrack.api.params import field_names
from tracetrack.api.view import ApiView, json_response
from tracetrack.db.export import CsvRenderer, ExportRows, NdjsonRenderer, stream_chunks, stream_rows
from tracetrack.db.snapshot import consistent_snapshot
from tracetrack.errors.problem import BadCursor, BadRequest, BadRow, Busy, NotFound
from tracetrack.imports.csv import Verdict
from tracetrack.openapi.annotations import links_to, path_parameter, raises

MAX_UPLOAD_SCANS = 50_000
# The refused items that the response to a refused upload lists.
MAX_REFUSED_ITEMS = 20
MAX_CONCURRENT_UPLOADS = 2
SCAN_ID = path_parameter("scan", int, "The id of the scan.", 14)
# The errors by which the rules of scanning refuse a scan.
SCAN_PROBLEMS = (
    BadCode, BadRow, ClockAhead, AreaForbidden, RefReused, BagUnknown, AreaUnknown, WrongKind,
    ChildElsewhere, BatchHeld, BatchClosed, BatchUnknown, ParentFull, ParentComplete, NotLinked,
    ParentDispatched, ParentEmpty, NotComplete, ScanUnknown, NotUndoable, AlreadyUndone,
    ReasonMissing, UndoNotAllowed, UndoDepends,
)  # fmt: skip
UPLOAD_REQUEST = {
    "application/json": OpenApiRequest(
        {"type": "array", "items": {}, "maxItems": MAX_UPLOAD_SCANS},
        examples=[OpenApiExample("Upload", [NEW_SCAN_EXAMPLE])],
    ),
    "application/x-ndjson": OpenApiTypes.STR,
}
_uploads = threading.BoundedSemaphore(MAX_CONCURRENT_UPLOADS)


@extend_schema(tags=["scans"])
class Scans(ListView):
    """GET, POST /api/v3/scans"""

    list_name = "scans"
    permissions = {"GET": "scans.view_scan", "POST": "scans.add_scan"}
    parameters = ScanListParams
    filterset_class = ScanFilterSet
    fields = tuple(LATEST_SCAN_COLUMNS)
    deprecated = {"limit": Deprecated(date(2026, 11, 24), date(2027, 11, 30), "per_page")}

    @extend_schema(summary="List scans", responses=LatestScanSerializer(many=True))
    @raises(BadCursor)
    @links_to("scans/{scan}/undo", scan="results/0/id")
    @links_to("bags/{code}", code="results/0/code")
    def get(self, request: Request) -> HttpResponse:
        filters = queries.ScanFilters(**self.filters)
        columns = self.select_fields(LATEST_SCAN_COLUMNS)
        fetch = partial(queries.scan_page, self.actor, filters, columns)
        return self.cached_page(
            fetch, dict, visibility=visibility_key(self.actor), namespace="recent"
        )

    @extend_schema(
        summary="Record a scan",
        description="Generate a UUID as `ref` before the first attempt, and repeat the same "
        "request until there is a response: a `ref` is recorded once. 201: the scan was applied. "
        "200: the bag was `already` in that state, or the `ref` was recorded before (`replayed`).",
        request=NewScanSerializer,
        responses={201: ScanResultSerializer, 200: ScanResultSerializer},
    )
    @raises(*SCAN_PROBLEMS)
    @links_to("scans/{scan}/undo", scan="scan/id")
    @links_to("bags/{code}", code="bag/code")
    def post(self, request: Request) -> HttpResponse:
        return _scan_response(
            record_scan(actor=self.actor, scan_request=parse_scan_body(self.raw_body()))
        )


@extend_schema(tags=["scans"])
class ScanStream(ApiView):
    """GET /api/v3/scans/stream"""

    permissions = {"GET": "scans.view_scan"}
    rate_limits = {"GET": "stream"}
    parameters = ScanStreamParams
    filterset_class = ScanStreamFilterSet
    fields = tuple(column.name for column in SCAN_EXPORT_COLUMNS)
    renderer_classes = [NdjsonRenderer, CsvRenderer]

    @extend_schema(summary="Export all scans", responses=OpenApiTypes.STR)
    @raises(Busy)
    def get(self, request: Request) -> StreamingHttpResponse:
        scans = queries.filtered_scans(self.actor, queries.ScanFilters(**self.filters))
        form = str(request.accepted_renderer.format)
        columns = [column for column in SCAN_EXPORT_COLUMNS if self.includes(column.name)]
        rows = ExportRows(scans, columns, self.params["after"])
        return stream_rows(rows, file_format=form, name="scans", request=request._request)


@extend_schema(tags=["scans"])
class Upload(ApiView):
    """POST /api/v3/scans/bulk"""

    permissions = {"POST": "scans.add_scan"}
    rate_limits = {"POST": "bulk"}
    write_parameters = UploadParams
    parser_classes = [JsonArrayParser, NdjsonParser]

    @extend_schema(
        summary=f"Record up to {MAX_UPLOAD_SCANS:,} scans",
        description="Each item is recorded as a single scan is; the response has a verdict for "
        "each. With `mode=all`, one refused item refuses the whole upload.",
        request=UPLOAD_REQUEST,
        responses=UploadResultSerializer,
    )
    @raises(TooManyScans, UploadRefused, Busy)
    def post(self, request: Request) -> HttpResponse:
        # Each upload needs memory and locks up to a limit, so their number is limited, too.
        if not _uploads.acquire(blocking=False):
            raise Busy
        try:
            items = self._items()
            whole = self.params["mode"] == "all"
            verdicts = record_upload(
                [item.row for item in items],
                actor=self.actor,
                areas=visible_area_ids(self.actor),
                now=timezone.now(),
                whole=whole,
            )
        finally:
            _uploads.release()
        return _upload_response(items, verdicts, whole=whole)

    @property
    def max_body_bytes(self) -> int:
        return int(settings.UPLOAD_MEGABYTES) * 1024 * 1024

    def _items(self) -> list[UploadItem]:
        self.check_length()
        data = self.request.data
        if isinstance(data, dict):
            raise BadRequest(reason="it has no body")
        items = [parse_upload_item(item) for item in islice(data, MAX_UPLOAD_SCANS + 1)]
        if len(items) > MAX_UPLOAD_SCANS:
            raise TooManyScans(limit=MAX_UPLOAD_SCANS)
        return items


@extend_schema(tags=["scans"], parameters=[SCAN_ID])
class Undo(ApiView):
    """POST /api/v3/scans/{id}/undo"""

    permissions = {"POST": "scans.add_scan"}

    @extend_schema(
        summary="Undo a scan",
        request=NewUndoSerializer,
        responses={201: ScanResultSerializer, 200: ScanResultSerializer},
    )
    @raises(*SCAN_PROBLEMS)
    def post(self, request: Request, scan: int) -> HttpResponse:
        body = self.raw_body()
        scan_request = parse_undo_body(body, self._target(scan), now=timezone.now())
        return _scan_response(record_scan(actor=self.actor, scan_request=scan_request))

    def _target(self, scan: int) -> Scan:
        scans = Scan.objects.filter(bag__in=Bag.objects.visible_to(self.actor))
        target = scans.select_related("bag", "area", "was_area").filter(pk=scan).first()
        if target is None:
            raise NotFound
        return target


@extend_schema(tags=["bags"], parameters=[BAG_CODE])
class Timeline(ApiView):
    """GET /api/v3/bags/{code}/timeline"""

    permissions = {"GET": "scans.view_scan"}
    fields = field_names(TimelineScanSerializer)

    @extend_schema(summary="Return the timeline of a bag", responses=TimelineSerializer)
    @raises(BagUnknown, BadCode)
    def get(self, request: Request, code: str) -> HttpResponse:
        bag = find_bag(self.actor, code, with_relations=False)
        entries = [self.select_fields(entry) for entry in timeline(bag)]
        return json_response({"code": bag.code, "results": entries})


@extend_schema(tags=["bags"], parameters=[BAG_CODE])
class Trace(ApiView):
    """GET /api/v3/bags/{code}/trace"""

    permissions = {"GET": "scans.view_scan"}
    parameters = TraceParams

    @extend_schema(
        summary="Return the chain of a bag, now or at an instant",
        description="With `at`, the response shows what was known at that instant. `way` has the "
        "timeline in pages: follow `next`.",
        responses=TraceSerializer,
    )
    @raises(BagUnknown, BadCode, BadCursor)
    def get(self, request: Request, code: str) -> HttpResponse:
        at, cursor = self.params["at"], self.params["cursor"]
        with consistent_snapshot():
            bag = find_bag(self.actor, code)
            signed: dict[str, Any] = {
                "list_name": "trace",
                "visibility": visibility_key(self.actor),
                "filters": {"bag": bag.pk, "at": at.isoformat() if at else None},
            }
            after = cursors.read_cursor(cursor, **signed) if cursor else None
            limit = self.params["per_page"]
            document, more = trace(self.actor, bag, at=at, after=after, limit=limit)
        next_cursor = cursors.make_cursor(more, **signed) if more else None
        next_url = cursors.url_with_cursor(request, next_cursor) if next_cursor else None
        return json_response(document | {"next": next_url})


@extend_schema(tags=["batches"], parameters=[BATCH_CODE])
class Recall(ApiView):
    """GET /api/v3/batches/{code}/recall"""

    permissions = {"GET": "scans.view_scan"}
    rate_limits = {"GET": "stream"}
    parameters = RecallParams
    renderer_classes = [NdjsonRenderer, CsvRenderer]

    @extend_schema(summary="Export the bags of a batch for a recall", responses=OpenApiTypes.STR)
    @raises(BatchUnknown, Busy)
    def get(self, request: Request, code: str) -> StreamingHttpResponse:
        batch = find_batch(self.actor, code)
        form = str(request.accepted_renderer.format)
        chunks = stream_recall(self.actor, batch, form, after=self.params["after"])
        return stream_chunks(chunks, file_format=form, name="recall", request=request._request)


def _upload_response(
    items: Sequence[UploadItem], verdicts: Sequence[Verdict], *, whole: bool
) -> HttpResponse:
    results = [verdict_json(*pair) for pair in zip(items, verdicts, strict=True)]
    counts = Counter(result["verdict"] for result in results)
    refused = [{"item": n} | row for n, row in enumerate(results) if row["verdict"] == "refused"]
    if whole and refused:
        first = refused[:MAX_REFUSED_ITEMS]
        raise UploadRefused(refused=len(refused), total=len(results), first=first)
    return json_response(
        {
            "total": len(results),
            "counts": {name: counts[name] for name in (*Verdict.ACCEPTED, "refused")},
            "results": results,
        }
    )


def _scan_response(result: ScanResult) -> HttpResponse:
    applied = result.verdict == Outcome.APPLIED
    return json_response(to_json(ScanResultSerializer, result), status=201 if applied else 200)
