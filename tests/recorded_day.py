"""A small generated factory day that tests record in several ways, and scan requests for tests."""

from datetime import date, datetime
from uuid import uuid4

from django.db import transaction

from bags.models import Bag
from bags.sheets import parse_bag_row
from scans.models import Scan
from scans.recording.bulk import record_scans, record_upload, register_bags
from scans.recording.record_scan import record_scan
from scans.scan_request import parse_scan_request
from tests.data.day import INDIA, SCAN_COLUMNS
from tests.data.generate import BAG_COLUMNS, make_day
from tracetrack.errors.problem import BadRow, Problem

DAY = date(2026, 10, 6)
SACKS_PER_DAY = 9
# The evening of that day, when its sheets are imported.
NOW = datetime(2026, 10, 6, 19, tzinfo=INDIA)
BAG_FIELDS = [
    "code", "kind", "bag_type__name", "area__code", "batch__code", "state", "parent__code",
    "bound_for__code", "child_count", "weight", "capacity",
]  # fmt: skip
SCAN_FIELDS = [
    "ref", "bag__code", "parent__code", "step", "outcome", "unexpected", "forced",
    "actor__username", "area__code", "station", "scanned_at", "recorded_at", "note", "was_state",
    "was_area__code", "was_bound_for__code", "was_parent__code", "was_parent_state",
]  # fmt: skip


class RecordedDay:
    """The parsed rows of a generated day. `actors` maps usernames to users."""

    def __init__(self, seed, actors):
        day = make_day(seed, SACKS_PER_DAY, DAY)
        self.actors = actors
        self.bags = [self._parse_bag(row) for row in day.bags]
        self.scans = [self._parse_scan(row) for row in day.scans]

    def _parse_bag(self, row):
        try:
            return parse_bag_row(dict(zip(BAG_COLUMNS, row, strict=True)))
        except (Problem, ValueError):
            return BadRow(field="row", reason="is bad")

    def _parse_scan(self, row):
        cells = dict(zip(SCAN_COLUMNS, row, strict=False))
        try:
            return parse_scan_request(cells), self.actors[cells["actor"]]
        except Problem as problem:
            return problem
        except KeyError:
            return BadRow(field="actor", reason="is unknown")

    def record_singly(self):
        """Record every scan with record_scan(); yield the verdicts."""
        for row in self.scans:
            if isinstance(row, Problem):
                yield row.code
                continue
            try:
                yield record_scan(actor=row[1], scan_request=row[0], now=NOW).verdict
            except Problem as problem:
                yield problem.code

    def record_in_bulk(self, **options):
        """Record all scans with record_scans(); yield the verdicts."""
        return (v.name for v in record_scans(self.scans, areas=None, now=NOW, **options))

    def upload(self, *, whole=False):
        """Record all scans as one upload of one actor; return the verdicts."""
        rows = [row if isinstance(row, Problem) else row[0] for row in self.scans]
        actor = self.actors["asha"]
        verdicts = record_upload(rows, actor=actor, areas=None, now=NOW, whole=whole)
        return verdict_names(verdicts)

    def run_and_roll_back(self, record):
        """Return the verdicts that `record` yields, and the bags and scans that it leaves.

        Everything is rolled back afterwards.
        """
        with transaction.atomic():
            actor = self.actors["asha"]
            list(register_bags(self.bags, actor=actor, areas=None, now=NOW))
            verdicts = list(record())
            bags = list(Bag.objects.order_by("code").values_list(*BAG_FIELDS))
            scans = list(Scan.objects.order_by("pk").values_list(*SCAN_FIELDS))
            transaction.set_rollback(True)
        return verdicts, bags, scans


def verdict_names(verdicts):
    """Return the names of verdicts."""
    return [verdict.name for verdict in verdicts]


def new_request(step, code, parent=None, *, area="lucknow", **more):
    """Return a scan request with a new ref."""
    fields = {"ref": uuid4(), "scanned_at": NOW} | more
    return parse_scan_request(
        {"step": step, "code": code, "parent_code": parent, "area": area} | fields
    )
