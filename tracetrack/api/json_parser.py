"""Reading JSON strictly: what two readers could understand differently is refused."""

import json
import math
import re
from collections.abc import Mapping
from typing import IO, Any

from django.conf import settings
from rest_framework.parsers import BaseParser
from rest_framework.request import Request

from tracetrack.errors.http import TooLarge, UnsupportedMediaType
from tracetrack.errors.problem import BadRequest

MAX_DEPTH = 32
# PostgreSQL keeps neither NUL nor half a surrogate pair.
UNSTORABLE = re.compile("[\0\ud800-\udfff]")
UTF8 = frozenset({"utf-8", "utf8"})


class StrictJSONParser(BaseParser):
    """UTF-8 JSON without duplicate keys, NaN, NUL, half surrogates, or depth beyond 32."""

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
        # One byte more than allowed tells a body that fits from one that does not.
        body = stream.read(limit + 1)
        if len(body) > limit:
            raise TooLarge(limit=limit)
        return loads(body)


def loads(body: bytes) -> Any:
    """`body` as JSON; raises BadRequest with a reason."""
    found, _ = decode_value(decode_utf8(body), 0, whole=True)
    return found


def decode_utf8(body: bytes) -> str:
    """`body` decoded; raises BadRequest where it is not UTF-8."""
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        raise BadRequest(reason="it is not UTF-8") from None


def decode_value(text: str, at: int, *, whole: bool = False) -> tuple[Any, int]:
    """The JSON value that begins at `at`, and where it ends; raises BadRequest with a reason.

    With `whole`, nothing but white space may stand around it.
    """
    try:
        found, end = (_json.decode(text), len(text)) if whole else _json.raw_decode(text, at)
    except json.JSONDecodeError as error:
        where = f"at line {error.lineno}, column {error.colno}"
        raise BadRequest(reason=f"it is not JSON ({error.msg} {where})") from None
    except RecursionError:
        raise BadRequest(reason=_too_deep()) from None
    except ValueError:
        # Python refuses to read integers of thousands of digits.
        raise BadRequest(reason="it has a number that is too long") from None
    _check(found)
    return found, end


def check_encoding(request: Request) -> None:
    """Raises UnsupportedMediaType for what is compressed, or not UTF-8."""
    coding = request.headers.get("Content-Encoding", "identity")
    if coding.lower() != "identity":
        raise UnsupportedMediaType(given=f"Content-Encoding {coding[:32]}")
    charset = str((request._request.content_params or {}).get("charset", "utf-8"))
    if charset.lower() not in UTF8:
        raise UnsupportedMediaType(given=f"charset {charset[:32]}")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise BadRequest(reason=f"the key “{_shown(twice)}” stands twice in one object")
    return found


def _no_number(name: str) -> None:
    raise BadRequest(reason=f"{name} is no number of JSON")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise BadRequest(reason="it has a number that is too large")
    return number


_json = json.JSONDecoder(object_pairs_hook=_object, parse_constant=_no_number, parse_float=_finite)


def _check(found: Any) -> None:
    """Depth and characters, without recursion: the depth is what is to be checked."""
    level, depth = [found], 0
    while level:
        depth += 1
        if any(isinstance(value, str) and UNSTORABLE.search(value) for value in level):
            raise BadRequest(reason="it has characters that no text has")
        below: list[Any] = []
        for value in level:
            if isinstance(value, dict):
                below += [*value.keys(), *value.values()]
            elif isinstance(value, list):
                below += value
        if depth > MAX_DEPTH and any(isinstance(value, dict | list) for value in level):
            raise BadRequest(reason=_too_deep())
        level = below


def _too_deep() -> str:
    return f"it is nested deeper than {MAX_DEPTH}"


def _shown(text: str) -> str:
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text[:64])
