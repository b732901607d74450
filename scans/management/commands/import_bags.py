"""Import a sheet of bags."""

from collections.abc import Iterable, Iterator

from django.utils import timezone

from accounts.models import User
from bags.sheets import BAG_SHEET_COLUMNS, BagRow, parse_bag_row
from scans.recording import bulk
from tracetrack.errors.problem import Problem
from tracetrack.imports.command import ImportCommand
from tracetrack.imports.csv import SheetRow, Verdict


class Command(ImportCommand):
    help = "Import a sheet of bags: register new ones and leave existing ones unchanged."
    columns = BAG_SHEET_COLUMNS

    def verdicts(self, rows: Iterable[SheetRow], *, actor: User, keep: bool) -> Iterator[Verdict]:
        lines = map(_parse, rows)
        now = timezone.now()
        return bulk.register_bags(lines, actor=actor, areas=None, now=now, dry_run=not keep)

    def after_import(self, *, actor: User, sheet: str, rows: int, applied: int) -> None:
        bulk.emit_sheet_imported(actor=actor, sheet=sheet, rows=rows, applied=applied)


def _parse(row: SheetRow) -> BagRow | Problem:
    if row.fault is not None:
        return row.fault
    try:
        return parse_bag_row(row.cells)
    except Problem as problem:
        return problem
