"""Long answers, sent while they are read: NDJSON and CSV, written by the database itself."""

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

from tracetrack.db.snapshot import one_moment
from tracetrack.db.sql_files import sql
from tracetrack.errors.problem import Busy

# Ids looked at in one statement, which ends before its rows are sent: it never waits for the
# reader, however slow, nor runs into the time limit of statements, however long the stream. The
# first window is short, so that the first rows come at once; then they grow towards MOST rows or
# PIECE bytes: to WIDEST where a filter leaves little of them.
NARROWEST, FIRST, WIDEST = 500, 2_000, 500_000
MOST = 20_000
PIECE = 4 * 1024 * 1024
# A stream holds a connection, and some pieces, for as long as its reader takes: only some may.
_places = threading.BoundedSemaphore(max(1, min(4, settings.DB_POOL_MAX // 4)))


class Cell:
    """How a value becomes a cell of CSV."""

    PLAIN = "{name}"
    FLAG = "{name}::text"
    MOMENT = "to_json({name}) #>> '{{}}'"
    # What people typed may be what a spreadsheet would run; see tracetrack.imports.csv. All of that
    # stands before the letters, which is quickly seen.
    TYPED = (
        "CASE WHEN {name} = '' THEN NULL WHEN {name} COLLATE \"C\" < 'A' "
        "AND {name} ~ '^''*[=+@\\t\\r-]' THEN '''' || {name} ELSE {name} END"
    )


class Column(NamedTuple):
    """A column of a stream: its name, where it comes from, how it becomes a cell."""

    name: str
    source: str | Combinable
    cell: str = Cell.PLAIN


class NdjsonRenderer(BaseRenderer):
    """One JSON object a line. Named so that a view can offer it; stream() writes it."""

    media_type, format = "application/x-ndjson", "ndjson"


class CsvRenderer(BaseRenderer):
    """A sheet with a header. Named so that a view can offer it; stream() writes it."""

    media_type, format = "text/csv", "csv"


@dataclass(frozen=True, slots=True)
class Rows:
    """What is streamed: those rows of a table that somebody may see, in the order of ids.

    The first column is the id; only rows above `after` come.
    """

    seen: QuerySet[Any]
    columns: Sequence[Column]
    after: int = 0

    def within(self, after: int, until: int) -> QuerySet[Any]:
        """The rows of one window."""
        window = self.seen.filter(id__gt=after, id__lte=until).order_by("id")
        return window.values_list(*[column.source for column in self.columns])[:MOST]

    def last_of(self, after: int, until: int) -> int:
        """The id of the last row of a window of which only the first MOST were read."""
        window = self.seen.filter(id__gt=after, id__lte=until).order_by("id")
        return int(window.values_list("id", flat=True)[MOST - 1])

    def before_next(self, after: int) -> int:
        """The id behind which the table's next row stands, seen or not: gaps cost nothing."""
        rest = self._table.filter(id__gt=after).aggregate(least=Min("id"))["least"]
        return after if rest is None else int(rest) - 1

    def last(self) -> int:
        """The last id of the table."""
        return int(self._table.aggregate(most=Max("id"))["most"] or 0)

    def settled(self) -> int:
        """The id up to which nothing can appear any more that is not there now.

        Ids are taken in one order and become visible in another: above this one, somebody who has
        not committed yet may have taken one.
        """
        # In this order: who notes down later than we look takes higher ids than the last one now.
        last = self.last()
        with connection.cursor() as cursor:
            cursor.execute(sql("tracetrack.settled"), {"table": self.seen.model._meta.db_table})
            (lowest,) = cursor.fetchone()
        return last if lowest is None else min(last, int(lowest))

    @property
    def _table(self) -> QuerySet[Any]:
        table: QuerySet[Any] = self.seen.model._default_manager.all()
        return table


def stream(rows: Rows, *, form: str, name: str, request: HttpRequest) -> StreamingHttpResponse:
    """All of `rows` as "ndjson" or "csv", of one moment. Raises Busy while too many run."""
    _take_place()
    try:
        # Before its moment: what is settled now has long been there when the stream begins.
        settled = rows.settled()
    except BaseException:
        _places.release()
        raise
    response = _sent(_pieces(rows, form), form=form, name=name, request=request)
    response["X-Settled-Until"] = str(settled)
    return response


def stream_pieces(
    pieces: Generator[bytes], *, form: str, name: str, request: HttpRequest
) -> StreamingHttpResponse:
    """What others put together, all of one moment. Raises Busy while too many run."""
    _take_place()
    return _sent(_of_one_moment(pieces), form=form, name=name, request=request)


def _take_place() -> None:
    if not _places.acquire(blocking=False):
        raise Busy


def _sent(
    pieces: Generator[bytes], *, form: str, name: str, request: HttpRequest
) -> StreamingHttpResponse:
    renderer = {"ndjson": NdjsonRenderer, "csv": CsvRenderer}[form]
    response = StreamingHttpResponse(
        _Stream(pieces), content_type=f"{renderer.media_type}; charset=utf-8"
    )
    response["Content-Disposition"] = f'attachment; filename="{name}.{form}"'
    # A proxy that collects the whole answer first would undo what this is for.
    response["X-Accel-Buffering"] = "no"
    _give_up_on_who_stalls(request)
    return response


class _Stream:
    """The pieces of one answer. Gives its place back when closed, also if nobody ever read it."""

    def __init__(self, pieces: Generator[bytes]) -> None:
        self._pieces = pieces
        self._open = True

    def __iter__(self) -> Iterator[bytes]:
        return self._pieces

    def close(self) -> None:
        try:
            self._pieces.close()
        finally:
            if self._open:
                self._open = False
                _places.release()


def _pieces(rows: Rows, form: str) -> Generator[bytes]:
    return _of_one_moment(_written(rows, form))


def _written(rows: Rows, form: str) -> Generator[bytes]:
    if form == "csv":
        yield (",".join(column.name for column in rows.columns) + "\n").encode()
    yield from _windows(rows, form)


def _of_one_moment(pieces: Generator[bytes]) -> Generator[bytes]:
    with one_moment(), connection.cursor() as cursor:
        cursor.execute(sql("tracetrack.stream_plans"))
        yield from pieces


def _windows(rows: Rows, form: str) -> Iterator[bytes]:
    after, last, width = rows.before_next(rows.after), rows.last(), FIRST
    while after < last:
        until = after + width
        piece, count = _copied(_statement(rows, form, rows.within(after, until)))
        if piece:
            yield piece
        if count == MOST:
            after = rows.last_of(after, until)
        else:
            after = until if piece else rows.before_next(until)
        width = _next_width(width, max(len(piece) / PIECE, count / MOST))


def _next_width(width: int, full: float) -> int:
    """Twice as wide while less than half full; narrower where there was too much."""
    if full >= 1:
        return max(NARROWEST, int(width / full / 2))
    return min(WIDEST, width * 2) if full < 0.5 else width


def _statement(rows: Rows, form: str, window: QuerySet[Any]) -> str:
    text, given = window.query.sql_with_params()
    return _copying(text, given, rows.columns, form)


def copied_rows(text: str, given: Any, columns: Sequence[Column], form: str) -> bytes:
    """The rows of a question in SQL, which has these columns, as they are sent."""
    return _copied(_copying(text, given, columns, form))[0]


def _copying(text: str, given: Any, columns: Sequence[Column], form: str) -> str:
    with connection.cursor() as cursor:
        # COPY takes no parameters.
        asked = cast(Any, cursor).mogrify(text, given)
    parts = {
        "{rows}": asked if isinstance(asked, str) else asked.decode(),
        "{names}": ", ".join(column.name for column in columns),
        "{cells}": ", ".join(column.cell.format(name=column.name) for column in columns),
    }
    statement = sql(f"tracetrack.stream_{form}")
    for name in ("{names}", "{cells}", "{rows}"):
        statement = statement.replace(name, parts[name])
    return statement


def _copied(statement: str) -> tuple[bytes, int]:
    """The rows of a window as they are sent, and how many they are."""
    with connection.cursor() as cursor, cast(Any, cursor).copy(statement) as copy:
        piece, count = bytearray(), 0
        for line in copy:
            piece += line
            count += 1
    return bytes(piece), count


def _give_up_on_who_stalls(request: HttpRequest) -> None:
    """Have sending fail where the reader takes nothing for as long as a transaction may idle."""
    client = request.META.get("gunicorn.socket")
    if client is not None and settings.DB_IDLE_SECONDS:
        seconds, rest = divmod(settings.DB_IDLE_SECONDS, 1)
        span = struct.pack("ll", int(seconds), int(rest * 1_000_000))
        client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, span)
