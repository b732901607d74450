"""Export of a list as an XLSX workbook, written in constant memory from one snapshot."""

import tempfile
import threading
from collections.abc import Iterator, Sequence
from typing import IO, Any

import xlsxwriter
from django.db.models import QuerySet

from dashboard.errors import TooManyRows
from tracetrack.db.snapshot import consistent_snapshot
from tracetrack.errors.problem import Busy
from tracetrack.text_cleaning import escape_formula

# The limit of Excel without the header row.
MAX_ROWS = 1_048_575
ROWS_PER_QUERY = 5_000
COLUMN_WIDTH = 16
# A workbook of MAX_ROWS rows takes a minute of CPU time, so each process writes one at a time.
_slot = threading.BoundedSemaphore(1)


def build_workbook(
    rows: QuerySet[Any], columns: Sequence[tuple[str, str]], *, name: str
) -> IO[bytes]:
    """Write `rows`, ordered by id, to a workbook; return it as an open temporary file.

    `columns` are (title, field) pairs, and `name` is the name of the sheet. Raises TooManyRows if
    the sheet cannot hold the rows, or Busy if this process is writing another workbook.
    """
    if not _slot.acquire(blocking=False):
        raise Busy
    try:
        with consistent_snapshot():
            if rows.order_by("id").values_list("id")[MAX_ROWS : MAX_ROWS + 1]:
                raise TooManyRows(limit=MAX_ROWS)
            return _write_workbook(rows, columns, name)
    finally:
        _slot.release()


def _write_workbook(
    rows: QuerySet[Any], columns: Sequence[tuple[str, str]], name: str
) -> IO[bytes]:
    file = _open_file()
    book = xlsxwriter.Workbook(file, {"constant_memory": True, "strings_to_formulas": False})
    sheet = book.add_worksheet(name)
    sheet.freeze_panes(1, 0)
    sheet.set_column(0, len(columns) - 1, COLUMN_WIDTH)
    bold = book.add_format({"bold": True})
    for column, (title, _) in enumerate(columns):
        sheet.write_string(0, column, title, bold)
    fields = [field for _, field in columns]
    for number, row in enumerate(_iterate_rows(rows, fields), start=1):
        for column, value in enumerate(row):
            _write_cell(sheet, number, column, value)
    book.close()
    file.seek(0)
    return file


def _open_file() -> IO[bytes]:
    # FileResponse closes it.
    return tempfile.TemporaryFile()


def _write_cell(sheet: Any, row: int, column: int, value: Any) -> None:
    if value is None:
        return
    if isinstance(value, str):
        sheet.write_string(row, column, escape_formula(value))
    else:
        sheet.write_number(row, column, value)


def _iterate_rows(rows: QuerySet[Any], fields: Sequence[str]) -> Iterator[tuple[Any, ...]]:
    """Yield the values of `fields` in the order of ids, ROWS_PER_QUERY rows with each query."""
    after = 0
    while True:
        query = rows.filter(id__gt=after).order_by("id").values_list("id", *fields)
        batch = list(query[:ROWS_PER_QUERY])
        for row in batch:
            yield row[1:]
        if len(batch) < ROWS_PER_QUERY:
            return
        after = batch[-1][0]
