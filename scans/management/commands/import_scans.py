"""Import a sheet of scans."""

from collections.abc import Iterable, Iterator

from django.utils import timezone

from accounts.models import User
from scans.recording import bulk
from scans.scan_request import ScanRequest
from scans.sheets import SCAN_SHEET_COLUMNS, Actors, parse_scan_row
from tracetrack.errors.problem import Problem
from tracetrack.imports.command import ImportCommand
from tracetrack.imports.csv import SheetRow, Verdict


class Command(ImportCommand):
    help = "Import a sheet of scans in order, each by its own actor, in all areas."
    columns = SCAN_SHEET_COLUMNS

    def verdicts(self, rows: Iterable[SheetRow], *, actor: User, keep: bool) -> Iterator[Verdict]:
        actors = Actors()
        requests = (_parse(row, actors) for row in rows)
        return bulk.record_scans(requests, areas=None, now=timezone.now(), dry_run=not keep)

    def after_import(self, *, actor: User, sheet: str, rows: int, applied: int) -> None:
        bulk.emit_sheet_imported(actor=actor, sheet=sheet, rows=rows, applied=applied)


def _parse(row: SheetRow, actors: Actors) -> tuple[ScanRequest, User] | Problem:
    if row.fault is not None:
        return row.fault
    try:
        return parse_scan_row(row.cells, actors)
    except Problem as problem:
        return problem
