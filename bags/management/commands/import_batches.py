"""Import a sheet of batches."""

from collections.abc import Iterable, Iterator

from django.db import transaction

from accounts.models import User
from bags.actions import create_batch, hold_batch
from bags.models import BagType
from bags.sheets import BATCH_SHEET_COLUMNS, BatchRow, parse_batch_row
from tracetrack.errors.problem import BadRow, Problem
from tracetrack.imports.command import ImportCommand
from tracetrack.imports.csv import SheetRow, Verdict


class Command(ImportCommand):
    help = "Import a sheet of batches; those with a reason in the column “held” are put on hold."
    columns = BATCH_SHEET_COLUMNS

    def verdicts(self, rows: Iterable[SheetRow], *, actor: User, keep: bool) -> Iterator[Verdict]:
        for row in rows:
            yield _verdict(row, actor)


def _verdict(row: SheetRow, actor: User) -> Verdict:
    if row.fault is not None:
        return Verdict.refused(row.fault)
    try:
        changed = _import_row(parse_batch_row(row.cells), actor)
    except Problem as problem:
        return Verdict.refused(problem)
    return Verdict("applied" if changed else "already")


@transaction.atomic
def _import_row(row: BatchRow, actor: User) -> bool:
    """Create the batch and hold it if the row says so; return whether anything changed."""
    bag_type = BagType.objects.filter(name=row.bag_type).first()
    if bag_type is None:
        raise BadRow(field="bag_type", reason=f"there is no bag type {row.bag_type}")
    batch, changed = create_batch(
        actor=actor,
        code=row.code,
        product=row.product,
        variety=row.variety,
        bag_type=bag_type,
        produced_on=row.produced_on,
        expires_on=row.expires_on,
        planned_bags=row.planned_bags,
    )
    if row.held and not batch.held:
        hold_batch(actor=actor, code=row.code, reason=row.held)
        changed = True
    return changed
