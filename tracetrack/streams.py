"""Long answers, sent while they are read: NDJSON and CSV."""

import csv
import io
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from itertools import islice
from typing import Any

import orjson
from django.conf import settings
from django.db import transaction
from django.http import StreamingHttpResponse
from rest_framework.renderers import BaseRenderer

from tracetrack.errors import Busy
from tracetrack.sheets import formula_escaped

Row = dict[str, Any]
# Rows sent in one piece: pieces of one row would cost more than the rows.
PIECE = 500
# A stream holds a connection for as long as its reader takes, so only some may.
_places = threading.BoundedSemaphore(max(1, settings.DB_POOL_MAX // 4))


class NdjsonRenderer(BaseRenderer):
    """One JSON object a line. Named so that a view can offer it; stream() writes it."""

    media_type, format = "application/x-ndjson", "ndjson"


class CsvRenderer(BaseRenderer):
    """A sheet with a header. Named so that a view can offer it; stream() writes it."""

    media_type, format = "text/csv", "csv"


def stream(
    rows: Callable[[], Iterator[Row]], *, form: str, columns: Sequence[str], name: str
) -> StreamingHttpResponse:
    """All of `rows()` as "ndjson" or "csv", in one transaction. Raises Busy while too many run."""
    if not _places.acquire(blocking=False):
        raise Busy
    renderer, write = {
        "ndjson": (NdjsonRenderer, _ndjson),
        "csv": (CsvRenderer, _csv),
    }[form]
    response = StreamingHttpResponse(
        _Stream(lambda: write(rows(), columns)),
        content_type=f"{renderer.media_type}; charset=utf-8",
    )
    response["Content-Disposition"] = f'attachment; filename="{name}.{form}"'
    # A proxy that collects the whole answer first would undo what this is for.
    response["X-Accel-Buffering"] = "no"
    return response


class _Stream:
    """The pieces of one answer. Gives its place back when closed, also if nobody ever read it."""

    def __init__(self, pieces: Callable[[], Iterator[bytes]]) -> None:
        self._pieces = self._in_transaction(pieces)
        self._open = True

    def __iter__(self) -> Iterator[bytes]:
        return self._pieces

    def close(self) -> None:
        self._pieces.close()
        if self._open:
            self._open = False
            _places.release()

    def _in_transaction(self, pieces: Callable[[], Iterator[bytes]]) -> Generator[bytes]:
        with transaction.atomic():
            yield from pieces()


def _ndjson(rows: Iterator[Row], columns: Sequence[str]) -> Iterator[bytes]:
    while piece := list(islice(rows, PIECE)):
        yield b"".join(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in piece)


def _csv(rows: Iterator[Row], columns: Sequence[str]) -> Iterator[bytes]:
    header: list[Row] = [{column: column for column in columns}]
    piece = header
    while piece:
        text = io.StringIO()
        csv.writer(text).writerows([[_cell(row[column]) for column in columns] for row in piece])
        yield text.getvalue().encode()
        piece = list(islice(rows, PIECE))


def _cell(value: object) -> str:
    return "" if value is None else formula_escaped(str(value))
