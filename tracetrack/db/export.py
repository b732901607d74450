"""Streamed exports as NDJSON and CSV, formatted by PostgreSQL's COPY."""

import socket
import struct
import threading
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, cast

from django.conf import settings
from django.db import connection
from django.db.models import Max, Min, QuerySet
from django.db.models.expressions import Combinable
from django.http import HttpRequest, StreamingHttpResponse
from rest_framework.renderers import BaseRenderer

from tracetrack.db.snapshot import consistent_snapshot
from tracetrack.db.sql_files import sql
from tracetrack.errors.problem import Busy

# An export reads windows of ids, one statement per window. Each statement ends before its rows are
# sent, so it neither waits for a slow client nor reaches statement_timeout. The first window is
# small, so that the first rows are sent at once. Later windows grow until they hold about MAX_ROWS
# rows or CHUNK_BYTES bytes; if a filter matches few rows, up to MAX_WINDOW ids.
MIN_WINDOW, FIRST_WINDOW, MAX_WINDOW = 500, 2_000, 500_000
MAX_ROWS = 20_000
CHUNK_BYTES = 4 * 1024 * 1024
# An export holds a connection for as long as its client takes, so only a few may run.
_slots = threading.BoundedSemaphore(max(1, min(4, settings.DB_POOL_MAX // 4)))


class Cell:
    """SQL templates that turn a value into a cell of CSV."""

    PLAIN = "{name}"
    BOOLEAN = "{name}::text"
    TIMESTAMP = "to_json({name}) #>> '{{}}'"
    # Text from users may be a formula, which is escaped as in escape_formula(). All characters that
    # start a formula sort before the letters: the first comparison is cheap and mostly final.
    USER_TEXT = (
        "CASE WHEN {name} = '' THEN NULL WHEN {name} COLLATE \"C\" < 'A' "
        "AND {name} ~ '^''*[=+@\\t\\r-]' THEN '''' || {name} ELSE {name} END"
    )


class Column(NamedTuple):
    """A column of an export: its name, the field or expression, the template of its CSV cell."""

    name: str
    source: str | Combinable
    cell: str = Cell.PLAIN


class NdjsonRenderer(BaseRenderer):
    """Declares NDJSON for content negotiation; stream_rows() writes the response."""

    media_type, format = "application/x-ndjson", "ndjson"


class CsvRenderer(BaseRenderer):
    """Declares CSV for content negotiation; stream_rows() writes the response."""

    media_type, format = "text/csv", "csv"


@dataclass(frozen=True, slots=True)
class ExportRows:
    """The rows of an export, in the order of their ids.

    `queryset` holds the rows that the user may see. The first column must be the id. Only rows
    with an id above `after` are exported.
    """

    queryset: QuerySet[Any]
    columns: Sequence[Column]
    after: int = 0

    def within(self, after: int, until: int) -> QuerySet[Any]:
        """Return the first MAX_ROWS rows with ids in (after, until]."""
        window = self.queryset.filter(id__gt=after, id__lte=until).order_by("id")
        return window.values_list(*[column.source for column in self.columns])[:MAX_ROWS]

    def last_of(self, after: int, until: int) -> int:
        """Return the id of the last row of within(after, until), which must have MAX_ROWS rows."""
        window = self.queryset.filter(id__gt=after, id__lte=until).order_by("id")
        return int(window.values_list("id", flat=True)[MAX_ROWS - 1])

    def skip_gap(self, after: int) -> int:
        """Return the id before the next row, visible to the user or not: skips gaps of ids."""
        rest = self._table.filter(id__gt=after).aggregate(least=Min("id"))["least"]
        return after if rest is None else int(rest) - 1

    def last(self) -> int:
        """Return the last id of the table."""
        return int(self._table.aggregate(most=Max("id"))["most"] or 0)

    def insert_horizon(self) -> int:
        """Return the id up to which no new row can appear any more.

        Ids are assigned in order but become visible at COMMIT. Above the horizon a transaction may
        hold an id that it has not committed yet.
        """
        # Read the last id first: a transaction that registers later gets a higher one.
        last = self.last()
        with connection.cursor() as cursor:
            cursor.execute(
                sql("tracetrack.insert_horizon"), {"table": self.queryset.model._meta.db_table}
            )
            (lowest,) = cursor.fetchone()
        return last if lowest is None else min(last, int(lowest))

    @property
    def _table(self) -> QuerySet[Any]:
        table: QuerySet[Any] = self.queryset.model._default_manager.all()
        return table


def stream_rows(
    rows: ExportRows, *, file_format: str, name: str, request: HttpRequest
) -> StreamingHttpResponse:
    """Return a response that streams all rows from one snapshot.

    `file_format` is "ndjson" or "csv", `name` the file name without extension. The header
    X-Settled-Until has the insert horizon: a client that continues after that id misses no row.

    Raises Busy if too many exports are running.
    """
    _acquire_slot()
    try:
        # Before the snapshot, so that every row up to the horizon is in it.
        horizon = rows.insert_horizon()
    except BaseException:
        _slots.release()
        raise
    chunks = _in_snapshot(_formatted(rows, file_format))
    response = _response(chunks, file_format=file_format, name=name, request=request)
    response["X-Settled-Until"] = str(horizon)
    return response


def stream_chunks(
    chunks: Generator[bytes], *, file_format: str, name: str, request: HttpRequest
) -> StreamingHttpResponse:
    """Return a response that streams formatted chunks, which are read from one snapshot.

    Raises Busy if too many exports are running.
    """
    _acquire_slot()
    return _response(_in_snapshot(chunks), file_format=file_format, name=name, request=request)


def copy_rows(query: str, params: Any, columns: Sequence[Column], file_format: str) -> bytes:
    """Return the formatted result of an SQL query whose rows have these columns."""
    return _copy(_copy_statement(query, params, columns, file_format))[0]


def _acquire_slot() -> None:
    if not _slots.acquire(blocking=False):
        raise Busy


def _response(
    chunks: Generator[bytes], *, file_format: str, name: str, request: HttpRequest
) -> StreamingHttpResponse:
    renderer = {"ndjson": NdjsonRenderer, "csv": CsvRenderer}[file_format]
    response = StreamingHttpResponse(
        _Stream(chunks), content_type=f"{renderer.media_type}; charset=utf-8"
    )
    response["Content-Disposition"] = f'attachment; filename="{name}.{file_format}"'
    # nginx would otherwise buffer the response.
    response["X-Accel-Buffering"] = "no"
    _set_send_timeout(request)
    return response


class _Stream:
    """The chunks of one response. close() releases the slot, also if nothing was read."""

    def __init__(self, chunks: Generator[bytes]) -> None:
        self._chunks = chunks
        self._has_slot = True

    def __iter__(self) -> Iterator[bytes]:
        return self._chunks

    def close(self) -> None:
        try:
            self._chunks.close()
        finally:
            if self._has_slot:
                self._has_slot = False
                _slots.release()


def _in_snapshot(chunks: Generator[bytes]) -> Generator[bytes]:
    with consistent_snapshot(), connection.cursor() as cursor:
        cursor.execute(sql("tracetrack.export_planner"))
        yield from chunks


def _formatted(rows: ExportRows, file_format: str) -> Generator[bytes]:
    if file_format == "csv":
        yield (",".join(column.name for column in rows.columns) + "\n").encode()
    yield from _windows(rows, file_format)


def _windows(rows: ExportRows, file_format: str) -> Iterator[bytes]:
    after, last, width = rows.skip_gap(rows.after), rows.last(), FIRST_WINDOW
    while after < last:
        until = after + width
        query, params = rows.within(after, until).query.sql_with_params()
        chunk, count = _copy(_copy_statement(query, params, rows.columns, file_format))
        if chunk:
            yield chunk
        if count == MAX_ROWS:
            after = rows.last_of(after, until)
        else:
            after = until if chunk else rows.skip_gap(until)
        width = _next_width(width, max(len(chunk) / CHUNK_BYTES, count / MAX_ROWS))


def _next_width(width: int, fullness: float) -> int:
    """Return the width of the next window. `fullness` is 1 if this one was as large as allowed."""
    if fullness >= 1:
        return max(MIN_WINDOW, int(width / fullness / 2))
    return min(MAX_WINDOW, width * 2) if fullness < 0.5 else width


def _copy_statement(query: str, params: Any, columns: Sequence[Column], file_format: str) -> str:
    with connection.cursor() as cursor:
        # COPY takes no parameters, so they are quoted into the text.
        quoted = cast(Any, cursor).mogrify(query, params)
    parts = {
        "{rows}": quoted if isinstance(quoted, str) else quoted.decode(),
        "{names}": ", ".join(column.name for column in columns),
        "{cells}": ", ".join(column.cell.format(name=column.name) for column in columns),
    }
    statement = sql(f"tracetrack.export_{file_format}")
    for name in ("{names}", "{cells}", "{rows}"):
        statement = statement.replace(name, parts[name])
    return statement


def _copy(statement: str) -> tuple[bytes, int]:
    """Run COPY; return its output and the number of rows."""
    with connection.cursor() as cursor, cast(Any, cursor).copy(statement) as copy:
        chunk, count = bytearray(), 0
        for line in copy:
            chunk += line
            count += 1
    return bytes(chunk), count


def _set_send_timeout(request: HttpRequest) -> None:
    """Make sending fail if the client reads nothing for DB_IDLE_SECONDS."""
    client = request.META.get("gunicorn.socket")
    if client is not None and settings.DB_IDLE_SECONDS:
        seconds, rest = divmod(settings.DB_IDLE_SECONDS, 1)
        timeval = struct.pack("ll", int(seconds), int(rest * 1_000_000))
        client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, timeval)
