"""A strict JSON parser: input that different parsers could read differently is an error."""

import json
import math
from collections.abc import Mapping
from typing import IO, Any

from django.conf import settings
from rest_framework.parsers import BaseParser
from rest_framework.request import Request

from tracetrack.errors.http import TooLarge, UnsupportedMediaType
from tracetrack.errors.problem import BadRequest
from tracetrack.text_cleaning import UNSTORABLE, printable

MAX_DEPTH = 32
UTF8 = frozenset({"utf-8", "utf8"})


class StrictJSONParser(BaseParser):
    """Parse UTF-8 JSON.

    Duplicate keys, NaN, NUL, unpaired surrogates and nesting deeper than MAX_DEPTH are errors.
    """

    media_type = "application/json"

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        if parser_context:
            check_encoding(parser_context["request"])
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE or 0
        # One byte more than the limit, to recognize a body that is too large.
        body = stream.read(limit + 1)
        if len(body) > limit:
            raise TooLarge(limit=limit)
        return loads(body)


def loads(body: bytes) -> Any:
    """Return the value of a JSON text; raises BadRequest with a reason."""
    value, _ = decode_value(decode_utf8(body), 0, whole=True)
    return value


def decode_utf8(body: bytes) -> str:
    """Return the text of a body; raises BadRequest if it is not UTF-8."""
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        raise BadRequest(reason="it is not UTF-8") from None


def decode_value(text: str, start: int, *, whole: bool = False) -> tuple[Any, int]:
    """Return the JSON value that begins at index `start`, and the index after it.

    With `whole`, the text must contain nothing else but white space. Raises BadRequest with a
    reason.
    """
    try:
        value, end = (
            (_decoder.decode(text), len(text)) if whole else _decoder.raw_decode(text, start)
        )
    except json.JSONDecodeError as error:
        where = f"at line {error.lineno}, column {error.colno}"
        raise BadRequest(reason=f"it is not JSON ({error.msg} {where})") from None
    except RecursionError:
        raise BadRequest(reason=_too_deep()) from None
    except ValueError:
        # Python does not parse integers of thousands of digits.
        raise BadRequest(reason="it has a number that is too long") from None
    _check_value(value)
    return value, end


def check_encoding(request: Request) -> None:
    """Raise UnsupportedMediaType if the body is compressed or not UTF-8."""
    encoding = request.headers.get("Content-Encoding", "identity")
    if encoding.lower() != "identity":
        raise UnsupportedMediaType(given=f"Content-Encoding {encoding[:32]}")
    charset = str((request._request.content_params or {}).get("charset", "utf-8"))
    if charset.lower() not in UTF8:
        raise UnsupportedMediaType(given=f"charset {charset[:32]}")


def _object_without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) < len(pairs):
        names = [name for name, _ in pairs]
        duplicate = next(name for name in names if names.count(name) > 1)
        raise BadRequest(reason=f"the key “{printable(duplicate)}” occurs twice in one object")
    return value


def _reject_constant(name: str) -> None:
    raise BadRequest(reason=f"{name} is not a JSON number")


def _finite_float(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise BadRequest(reason="it has a number that is too large")
    return number


_decoder = json.JSONDecoder(
    object_pairs_hook=_object_without_duplicates,
    parse_constant=_reject_constant,
    parse_float=_finite_float,
)


def _check_value(value: Any) -> None:
    """Check depth and characters level by level: recursion would fail for deeply nested input."""
    level, depth = [value], 0
    while level:
        depth += 1
        if any(isinstance(item, str) and UNSTORABLE.search(item) for item in level):
            raise BadRequest(reason="it contains invalid characters")
        next_level: list[Any] = []
        for item in level:
            if isinstance(item, dict):
                next_level += [*item.keys(), *item.values()]
            elif isinstance(item, list):
                next_level += item
        if depth > MAX_DEPTH and any(isinstance(item, dict | list) for item in level):
            raise BadRequest(reason=_too_deep())
        level = next_level


def _too_deep() -> str:
    return f"it is nested deeper than {MAX_DEPTH}"
