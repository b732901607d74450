"""JSON about what happened: scans made, undone, the latest, and the timeline of a bag."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson
from django.http import HttpResponse, StreamingHttpResponse
from django.utils import timezone
from rest_framework.request import Request

from bags.models import Bag
from bags.queries import find_bag
from bags.querysets import scope_of
from scans import queries
from scans.actions import Recorded, record_scan
from scans.models import Outcome, Scan
from scans.serializers import (
    SCAN_COLUMNS,
    ScanListIn,
    ScanStreamIn,
    recorded_json,
    scan_entry,
    undo_entry,
)
from tracetrack import cache
from tracetrack.errors import NotFound
from tracetrack.http import ApiView, as_json
from tracetrack.streams import CsvRenderer, NdjsonRenderer, Rows, stream


class Scans(ApiView):
    """GET, POST /api/v3/scans"""

    permissions = {"GET": "scans.view_scan", "POST": "scans.add_scan"}
    parameters = ScanListIn

    def get(self, request: Request) -> HttpResponse:
        limit = self.asked["limit"]
        key = cache.key("latest", scope=scope_of(self.actor), limit=limit)

        def build() -> bytes:
            return orjson.dumps({"results": queries.latest(self.actor, limit)})

        return as_json(cache.cached("recent", key, build))

    def post(self, request: Request) -> HttpResponse:
        return _told(record_scan(actor=self.actor, entry=scan_entry(self.raw_body())))


class ScanStream(ApiView):
    """GET /api/v3/scans/stream"""

    permissions = {"GET": "scans.view_scan"}
    parameters = ScanStreamIn
    renderer_classes = [NdjsonRenderer, CsvRenderer]

    def get(self, request: Request) -> StreamingHttpResponse:
        asked = dict(self.asked)
        after = asked.pop("after")
        asked.pop("format")
        seen = queries.all_scans(self.actor, queries.ScanFilters(**asked))
        form = str(request.accepted_renderer.format)
        rows = Rows(seen, SCAN_COLUMNS, after)
        return stream(rows, form=form, name="scans", request=request._request)


class Undo(ApiView):
    """POST /api/v3/scans/{id}/undo"""

    permissions = {"POST": "scans.add_scan"}

    def post(self, request: Request, scan: int) -> HttpResponse:
        body = self.raw_body()
        target = self._target(scan)
        entry = undo_entry(body, target, scanned_at=_moment(body, target))
        return _told(record_scan(actor=self.actor, entry=entry))

    def _target(self, scan: int) -> Scan:
        seen = Scan.objects.filter(bag__in=Bag.objects.visible_to(self.actor))
        target = seen.select_related("bag", "area", "was_area").filter(pk=scan).first()
        if target is None:
            raise NotFound
        return target


class Timeline(ApiView):
    """GET /api/v3/bags/{code}/timeline"""

    permissions = {"GET": "scans.view_scan"}

    def get(self, request: Request, code: str) -> HttpResponse:
        bag = find_bag(self.actor, code)
        return as_json({"code": bag.code, "results": queries.timeline(bag)})


def _told(recorded: Recorded) -> HttpResponse:
    new = recorded.verdict == Outcome.APPLIED
    return as_json(recorded_json(recorded), status=201 if new else 200)


def _moment(body: Mapping[str, Any], target: Scan) -> datetime:
    """Now; but where the same request comes again, what it was taken for the first time."""
    earlier = Scan.objects.filter(undoes=target).first()
    if earlier is not None and str(earlier.ref) == str(body.get("ref")).lower():
        return earlier.scanned_at
    return timezone.now()
