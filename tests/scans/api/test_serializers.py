"""Scans that lists, exports and timelines read from the database equal the serializers' output."""

import json
from datetime import datetime

import pytest

from bags.models import Bag
from bags.queries import find_bag
from scans.api.serializers import (
    LATEST_SCAN_COLUMNS,
    LatestScanSerializer,
    ScanSerializer,
    TimelineScanSerializer,
    TraceSerializer,
)
from scans.history.timeline import timeline
from scans.history.trace import trace
from scans.models import Scan
from scans.queries import latest_scans
from tests.api_fixtures import HERE, HERE_CHILD
from tracetrack.api.params import field_names

RELATIONS = ("bag", "parent", "area", "actor")


@pytest.fixture
def scans(site):
    return list(Scan.objects.select_related(*RELATIONS).order_by("-id"))


def with_instants(row):
    """Return a row with parsed timestamps: PostgreSQL writes microseconds without final zeros."""
    instants = {name: datetime.fromisoformat(row[name]) for name in ("scanned_at", "recorded_at")}
    return row | instants


class TestScans:
    def test_in_the_latest_equal_the_serializer(self, site, scans):
        rows = latest_scans(site.people["office"], LATEST_SCAN_COLUMNS, len(scans))

        assert rows == [LatestScanSerializer(scan).data for scan in scans]

    def test_in_the_list_equal_the_serializer(self, office, scans):
        rows = office.get("/api/v3/scans?per_page=500").json()["results"]

        assert rows == [LatestScanSerializer(scan).data for scan in scans]

    def test_in_a_stream_equal_the_serializer(self, office, scans):
        lines = b"".join(office.get("/api/v3/scans/stream?format=ndjson")).splitlines()

        streamed = [json.loads(line) for line in lines]
        expected = [ScanSerializer(scan).data for scan in reversed(scans)]
        assert [with_instants(row) for row in streamed] == [with_instants(row) for row in expected]

    def test_on_a_timeline_have_the_fields_of_the_serializer(self, site):
        names = set(field_names(ScanSerializer))
        for row in timeline(Bag.objects.get(code=HERE)):
            scan = Scan.objects.select_related(*RELATIONS).get(pk=row["id"])

            assert {name: row[name] for name in names} == ScanSerializer(scan).data
            assert set(row) == set(field_names(TimelineScanSerializer))


class TestATrace:
    def test_has_the_fields_of_the_serializer(self, site):
        user = site.people["office"]
        found, _ = trace(user, find_bag(user, HERE_CHILD), at=None, after=None, limit=500)

        assert {*found, "next"} == set(field_names(TraceSerializer))
