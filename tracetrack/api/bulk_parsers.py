"""Parsers of bulk requests: a JSON array, or NDJSON with one item per line.

Both parse items one by one. An invalid item becomes a BadRequest in the place of the item; only an
incomplete body is an error of the whole request.
"""

import re
from collections.abc import Iterator, Mapping
from typing import IO, Any

from rest_framework.parsers import BaseParser
from rest_framework.request import Request

from tracetrack.api.json_parser import check_encoding, decode_utf8, decode_value, loads
from tracetrack.errors.problem import BadRequest

# Far more than a valid item needs.
MAX_LINE_BYTES = 64 * 1024
WHITE_SPACE = re.compile(r"[ \t\n\r]*")
# Strings, and outside of them the characters that structure JSON.
TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[\[\]{},"]', re.DOTALL)

Item = Any | BadRequest


class JsonArrayParser(BaseParser):
    """Parse a JSON array into an iterator of its items or, for invalid ones, BadRequest."""

    media_type = "application/json"

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        length = _content_length(parser_context)
        body = stream.read(length)
        _check_complete(len(body), length)
        return _parse_array(decode_utf8(body))


class NdjsonParser(BaseParser):
    """Parse NDJSON into an iterator as JsonArrayParser does; blank lines are skipped."""

    media_type = "application/x-ndjson"

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        return _parse_lines(stream, _content_length(parser_context))


def _content_length(context: Mapping[str, Any] | None) -> int:
    assert context is not None
    request: Request = context["request"]
    check_encoding(request)
    return int(request.META.get("CONTENT_LENGTH") or 0)


def _check_complete(received: int, length: int) -> None:
    if received < length:
        raise BadRequest(reason="it is incomplete")


def _parse_lines(stream: IO[Any], length: int) -> Iterator[Item]:
    received = 0
    while line := stream.readline(MAX_LINE_BYTES + 1):
        received += len(line)
        if len(line) > MAX_LINE_BYTES and not line.endswith(b"\n"):
            while (rest := stream.readline(MAX_LINE_BYTES)) and not rest.endswith(b"\n"):
                received += len(rest)
            received += len(rest)
            yield BadRequest(reason=f"it has a line of more than {MAX_LINE_BYTES} bytes")
        elif line.strip():
            yield _parse_line(line)
    _check_complete(received, length)


def _parse_line(line: bytes) -> Item:
    try:
        return loads(line)
    except BadRequest as error:
        if not line.endswith(b"\n"):
            # The last line. Most likely the body is incomplete, an error of the whole request.
            raise
        return error


def _parse_array(text: str) -> Iterator[Item]:
    at = _skip_white_space(text, 0)
    if text[at : at + 1] != "[":
        raise BadRequest(reason="its body is not a JSON array")
    at = _skip_white_space(text, at + 1)
    has_more = text[at : at + 1] != "]"
    while has_more:
        item, at = _parse_item(text, at)
        yield item
        at = _skip_white_space(text, at)
        separator = text[at : at + 1]
        if separator not in (",", "]"):
            raise BadRequest(reason=_not_closed())
        has_more = separator == ","
        at = _skip_white_space(text, at + 1) if has_more else at
    if _skip_white_space(text, at + 1) < len(text):
        raise BadRequest(reason="something follows the end of its array")


def _parse_item(text: str, start: int) -> tuple[Item, int]:
    try:
        return decode_value(text, start)
    except BadRequest as error:
        return error, _end_of_invalid_item(text, start)


def _end_of_invalid_item(text: str, start: int) -> int:
    """Return the index of the comma or bracket after an item that is not valid JSON."""
    depth = 0
    for match in TOKEN.finditer(text, start):
        token = match[0]
        if depth == 0 and token in (",", "]"):
            return match.start()
        if token == '"':
            break
        depth += (token in "[{") - (token in "]}") if len(token) == 1 else 0
    raise BadRequest(reason=_not_closed())


def _not_closed() -> str:
    return "its array is not closed: it is incomplete, or a comma is missing"


def _skip_white_space(text: str, at: int) -> int:
    match = WHITE_SPACE.match(text, at)
    return match.end() if match else at
