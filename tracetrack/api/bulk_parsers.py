"""Many items in one request: a JSON array, or NDJSON with one item a line.

A fault within an item is that item's; a body that broke off is a fault of the whole.
"""

import re
from collections.abc import Iterator, Mapping
from typing import IO, Any

from rest_framework.parsers import BaseParser
from rest_framework.request import Request

from tracetrack.api.json_parser import check_encoding, decode_utf8, decode_value, loads
from tracetrack.errors.problem import BadRequest

# No honest item comes near it.
MAX_LINE_BYTES = 64 * 1024
SPACE = re.compile(r"[ \t\n\r]*")
# What may end a value, or hide such a sign: strings.
SIGN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[\[\]{},"]', re.DOTALL)

Item = Any | BadRequest


class JsonArrayParser(BaseParser):
    """An iterator of the items of an array: each as it is, or the BadRequest that says why not."""

    media_type = "application/json"

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        length = _checked_length(parser_context)
        body = stream.read(length)
        _check_whole(len(body), length)
        return _array(decode_utf8(body))


class NdjsonParser(BaseParser):
    """The same of NDJSON; blank lines are no items."""

    media_type = "application/x-ndjson"

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        return _lines(stream, _checked_length(parser_context))


def _checked_length(context: Mapping[str, Any] | None) -> int:
    assert context is not None
    request: Request = context["request"]
    check_encoding(request)
    return int(request.META.get("CONTENT_LENGTH") or 0)


def _check_whole(came: int, length: int) -> None:
    if came < length:
        raise BadRequest(reason="it broke off")


def _lines(stream: IO[Any], length: int) -> Iterator[Item]:
    came = 0
    while line := stream.readline(MAX_LINE_BYTES + 1):
        came += len(line)
        if len(line) > MAX_LINE_BYTES and not line.endswith(b"\n"):
            while (rest := stream.readline(MAX_LINE_BYTES)) and not rest.endswith(b"\n"):
                came += len(rest)
            came += len(rest)
            yield BadRequest(reason=f"it has a line of more than {MAX_LINE_BYTES} bytes")
        elif line.strip():
            yield _line(line)
    _check_whole(came, length)


def _line(line: bytes) -> Item:
    try:
        return loads(line)
    except BadRequest as fault:
        if not line.endswith(b"\n"):
            # The last one: most likely the rest of it never came.
            raise
        return fault


def _array(text: str) -> Iterator[Item]:
    at = _after(text, 0)
    if text[at : at + 1] != "[":
        raise BadRequest(reason="its body is not a JSON array")
    at = _after(text, at + 1)
    more = text[at : at + 1] != "]"
    while more:
        item, at = _element(text, at)
        yield item
        at = _after(text, at)
        sign = text[at : at + 1]
        if sign not in (",", "]") or not sign:
            raise BadRequest(reason=_ends_within())
        more = sign == ","
        at = _after(text, at + 1) if more else at
    if _after(text, at + 1) < len(text):
        raise BadRequest(reason="something follows the end of its array")


def _element(text: str, at: int) -> tuple[Item, int]:
    end = 0
    try:
        return decode_value(text, at)
    except BadRequest as fault:
        end = _end_of_element(text, at)
        return fault, end


def _end_of_element(text: str, at: int) -> int:
    """Where the element that begins at `at` ends, whatever stands in it."""
    depth = 0
    for sign in SIGN.finditer(text, at):
        found = sign[0]
        if depth == 0 and found in (",", "]"):
            return sign.start()
        if found == '"':
            break
        depth += (found in "[{") - (found in "]}") if len(found) == 1 else 0
    raise BadRequest(reason=_ends_within())


def _ends_within() -> str:
    return "its array is not closed: it broke off, or a comma is missing"


def _after(text: str, at: int) -> int:
    found = SPACE.match(text, at)
    return found.end() if found else at
