"""A list as an XLSX workbook: written row by row to a file, in little memory, of one moment."""

import tempfile
import threading
from collections.abc import Iterator, Sequence
from typing import IO, Any

import xlsxwriter
from django.db import connection, transaction
from django.db.models import QuerySet

from dashboard.errors import TooManyRows
from tracetrack.db.sql_files import sql
from tracetrack.errors.problem import Busy
from tracetrack.imports.csv import formula_escaped

# What a sheet holds beside its header.
MOST_ROWS = 1_048_575
WINDOW = 5_000
# Writing one takes a processor for a minute at this length: one at a time in each process.
_place = threading.BoundedSemaphore(1)


def workbook(rows: QuerySet[Any], columns: Sequence[tuple[str, str]], *, name: str) -> IO[bytes]:
    """`rows` in the order of ids under these (name, source) columns; raises TooManyRows, Busy."""
    if not _place.acquire(blocking=False):
        raise Busy
    try:
        # Inside somebody's transaction it is theirs what moment is shown.
        alone = not connection.in_atomic_block
        with transaction.atomic():
            if alone:
                with connection.cursor() as cursor:
                    cursor.execute(sql("tracetrack.begin_snapshot"))
            if rows.order_by("id").values_list("id")[MOST_ROWS : MOST_ROWS + 1]:
                raise TooManyRows(most=MOST_ROWS)
            return _written(rows, columns, name)
    finally:
        _place.release()


def _written(rows: QuerySet[Any], columns: Sequence[tuple[str, str]], name: str) -> IO[bytes]:
    file = _new_file()
    book = xlsxwriter.Workbook(file, {"constant_memory": True, "strings_to_formulas": False})
    sheet = book.add_worksheet(name)
    sheet.freeze_panes(1, 0)
    sheet.set_column(0, len(columns) - 1, 16)
    bold = book.add_format({"bold": True})
    for place, (title, _) in enumerate(columns):
        sheet.write_string(0, place, title, bold)
    for number, row in enumerate(_windows(rows, [source for _, source in columns]), start=1):
        for place, value in enumerate(row):
            _write(sheet, number, place, value)
    book.close()
    file.seek(0)
    return file


def _new_file() -> IO[bytes]:
    # Closed by the answer that sends it.
    return tempfile.TemporaryFile()


def _write(sheet: Any, number: int, place: int, value: Any) -> None:
    if value is None:
        return
    if isinstance(value, str):
        sheet.write_string(number, place, formula_escaped(value))
    else:
        sheet.write_number(number, place, value)


def _windows(rows: QuerySet[Any], sources: Sequence[str]) -> Iterator[tuple[Any, ...]]:
    after = 0
    while True:
        window = rows.filter(id__gt=after).order_by("id").values_list("id", *sources)[:WINDOW]
        found = list(window)
        for row in found:
            yield row[1:]
        if len(found) < WINDOW:
            return
        after = found[-1][0]
