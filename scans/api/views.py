"""JSON about what happened: scans made, undone, the latest, and the timeline of a bag."""

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
from rest_framework.request import Request

from bags.models import Bag
from bags.queries import find_bag, find_batch
from bags.querysets import visibility_key, visible_area_ids
from scans import queries
from scans.api import described
from scans.api.serializers import RecallIn, SCAN_COLUMNS, ScanFilterSet, ScanListIn, ScanStreamFilterSet, ScanStreamIn, TraceIn, UploadIn, Uploaded, parse_scan_body, parse_undo_body, scan_result_json, uploaded, verdict_json
from scans.errors import TooManyScans, UploadRefused
from scans.history.recall import recalled
from scans.history.timeline import timeline
from scans.history.trace import trace
from scans.models import Outcome, Scan
from scans.recording.bulk import record_upload
from scans.recording.record_scan import ScanResult, record_scan
from tracetrack.api import cursors
from tracetrack.api.bulk_parsers import JsonArrayParser, NdjsonParser
from tracetrack.api.deprecation import Deprecated
from tracetrack.api.list_view import ListView
from tracetrack.api.view import ApiView, json_response
from tracetrack.db.export import CsvRenderer, ExportRows, NdjsonRenderer, stream_chunks, stream_rows
from tracetrack.db.snapshot import consistent_snapshot
from tracetrack.errors.problem import BadRequest, Busy, NotFound
from tracetrack.imports.csv import Verdict
from tracetrack.openapi.shapes import names

MAX_UPLOAD_SCANS = 50_000
FIRST_REFUSALS = 20
_uploads = threading.BoundedSemaphore(2)


class Scans(ListView):
    """GET, POST /api/v3/scans"""

    list_name = "scans"
    permissions = {"GET": "scans.view_scan", "POST": "scans.add_scan"}
    parameters = ScanListIn
    filterset_class = ScanFilterSet
    fields = tuple(queries.LATEST)
    deprecated = {"limit": Deprecated(date(2026, 11, 24), date(2027, 11, 30), "per_page")}

    def get(self, request: Request) -> HttpResponse:
        filters = queries.ScanFilters(**self.filters)
        walk = partial(queries.scan_page, self.actor, filters, self.selected_fields)
        return self.cached_page(
            walk, dict, visibility=visibility_key(self.actor), namespace="recent"
        )

    def post(self, request: Request) -> HttpResponse:
        return _told(record_scan(actor=self.actor, scan_request=parse_scan_body(self.raw_body())))


class ScanStream(ApiView):
    """GET /api/v3/scans/stream"""

    permissions = {"GET": "scans.view_scan"}
    rate_limits = {"GET": "stream"}
    parameters = ScanStreamIn
    filterset_class = ScanStreamFilterSet
    fields = tuple(column.name for column in SCAN_COLUMNS)
    renderer_classes = [NdjsonRenderer, CsvRenderer]

    def get(self, request: Request) -> StreamingHttpResponse:
        seen = queries.all_scans(self.actor, queries.ScanFilters(**self.filters))
        form = str(request.accepted_renderer.format)
        columns = [column for column in SCAN_COLUMNS if self.includes(column.name)]
        rows = ExportRows(seen, columns, self.params["after"])
        return stream_rows(rows, form=form, name="scans", request=request._request)


class Upload(ApiView):
    """POST /api/v3/scans/bulk"""

    permissions = {"POST": "scans.add_scan"}
    rate_limits = {"POST": "bulk"}
    write_parameters = UploadIn
    parser_classes = [JsonArrayParser, NdjsonParser]

    def post(self, request: Request) -> HttpResponse:
        # What an upload takes of memory and locks is bounded; so must be how many there are.
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
        return _settled(items, verdicts, whole=whole)

    @property
    def max_body_bytes(self) -> int:
        return int(settings.UPLOAD_MEGABYTES) * 1024 * 1024

    def _items(self) -> list[Uploaded]:
        self.check_length()
        given = self.request.data
        if isinstance(given, dict):
            raise BadRequest(reason="it has no body")
        items = [uploaded(item) for item in islice(given, MAX_UPLOAD_SCANS + 1)]
        if len(items) > MAX_UPLOAD_SCANS:
            raise TooManyScans(limit=MAX_UPLOAD_SCANS)
        return items


class Undo(ApiView):
    """POST /api/v3/scans/{id}/undo"""

    permissions = {"POST": "scans.add_scan"}

    def post(self, request: Request, scan: int) -> HttpResponse:
        body = self.raw_body()
        scan_request = parse_undo_body(body, self._target(scan), now=timezone.now())
        return _told(record_scan(actor=self.actor, scan_request=scan_request))

    def _target(self, scan: int) -> Scan:
        seen = Scan.objects.filter(bag__in=Bag.objects.visible_to(self.actor))
        target = seen.select_related("bag", "area", "was_area").filter(pk=scan).first()
        if target is None:
            raise NotFound
        return target


class Timeline(ApiView):
    """GET /api/v3/bags/{code}/timeline"""

    permissions = {"GET": "scans.view_scan"}
    fields = names(described.STOP)

    def get(self, request: Request, code: str) -> HttpResponse:
        bag = find_bag(self.actor, code, joined=False)
        stops = [self.select_fields(stop) for stop in timeline(bag)]
        return json_response({"code": bag.code, "results": stops})


class Trace(ApiView):
    """GET /api/v3/bags/{code}/trace"""

    permissions = {"GET": "scans.view_scan"}
    parameters = TraceIn

    def get(self, request: Request, code: str) -> HttpResponse:
        at, cursor = self.params["at"], self.params["cursor"]
        with consistent_snapshot():
            bag = find_bag(self.actor, code)
            sealed: dict[str, Any] = {
                "list_name": "trace",
                "visibility": visibility_key(self.actor),
                "filters": {"bag": bag.pk, "at": at.isoformat() if at else None},
            }
            after = cursors.read_cursor(cursor, **sealed) if cursor else None
            limit = self.params["per_page"]
            told, more = trace(self.actor, bag, at=at, after=after, limit=limit)
        behind = cursors.make_cursor(more, **sealed) if more else None
        follow = cursors.url_with_cursor(request, behind) if behind else None
        return json_response(told | {"next": follow})


class Recall(ApiView):
    """GET /api/v3/batches/{code}/recall"""

    permissions = {"GET": "scans.view_scan"}
    rate_limits = {"GET": "stream"}
    parameters = RecallIn
    renderer_classes = [NdjsonRenderer, CsvRenderer]

    def get(self, request: Request, code: str) -> StreamingHttpResponse:
        batch = find_batch(self.actor, code)
        form = str(request.accepted_renderer.format)
        pieces = recalled(self.actor, batch, form, after=self.params["after"])
        return stream_chunks(pieces, form=form, name="recall", request=request._request)


def _settled(
    items: Sequence[Uploaded], verdicts: Sequence[Verdict], *, whole: bool
) -> HttpResponse:
    results = [verdict_json(*pair) for pair in zip(items, verdicts, strict=True)]
    counts = Counter(result["verdict"] for result in results)
    refused = [{"item": n} | row for n, row in enumerate(results) if row["verdict"] == "refused"]
    if whole and refused:
        first = refused[:FIRST_REFUSALS]
        raise UploadRefused(refused=len(refused), total=len(results), first=first)
    return json_response(
        {
            "total": len(results),
            "counts": {name: counts[name] for name in (*Verdict.ACCEPTED, "refused")},
            "results": results,
        }
    )


def _told(recorded: ScanResult) -> HttpResponse:
    new = recorded.verdict == Outcome.APPLIED
    return json_response(scan_result_json(recorded), status=201 if new else 200)
