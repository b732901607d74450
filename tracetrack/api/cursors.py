"""Signed cursors of paginated lists.

A cursor is valid for one list with the same filters and the same visible rows only. These are part
of the salt of the signature, so they are not contained in the cursor and cannot be changed.

list_name: the list, such as "bags".
visibility: a text that is equal for users who see the same rows.
filters: the filters and the order, JSON values.
"""

import json
from typing import Any
from urllib.parse import urlencode

from django.core.signing import BadSignature, Signer
from rest_framework.request import Request

from tracetrack.api.pagination import Page, Position
from tracetrack.errors.problem import BadCursor

MAX_CURSOR_CHARS = 256


def make_cursor(after: int, *, list_name: str, visibility: str, filters: dict[str, Any]) -> str:
    """Return a cursor to the position after the row with the id `after`."""
    return _signer(list_name, visibility, filters).sign_object(after)


def read_cursor(text: str, *, list_name: str, visibility: str, filters: dict[str, Any]) -> int:
    """Return the id in a cursor of make_cursor(); raises BadCursor if it is for another list."""
    key = _unsign(text, list_name, visibility, filters)
    if not isinstance(key, int):
        raise BadCursor
    return key


def make_page_cursor(
    position: Position, *, list_name: str, visibility: str, filters: dict[str, Any]
) -> str:
    """Return a cursor to a position in either direction."""
    value = [position.key] if position.back else position.key
    return _signer(list_name, visibility, filters).sign_object(value)


def read_page_cursor(
    text: str, *, list_name: str, visibility: str, filters: dict[str, Any]
) -> Position:
    """Return the position in a cursor of make_page_cursor(); raises BadCursor as read_cursor()."""
    key = _unsign(text, list_name, visibility, filters)
    return Position(key[0], back=True) if isinstance(key, list) else Position(key)


def page_links(request: Request, page: Page, **list_key: Any) -> dict[str, str | None]:
    """Return the URLs `next` and `previous` of a page, None if there is no such page.

    Keyword arguments as of make_page_cursor().
    """
    positions = {"next": page.next, "previous": page.previous}
    return {
        name: url_with_cursor(request, make_page_cursor(position, **list_key)) if position else None
        for name, position in positions.items()
    }


def url_with_cursor(request: Request, cursor: str) -> str:
    """Return the URL of the request with another cursor."""
    params = {name: request.query_params[name] for name in request.query_params}
    return f"{request.path}?{urlencode(params | {'cursor': cursor})}"


def _unsign(text: str, list_name: str, visibility: str, filters: dict[str, Any]) -> Any:
    if len(text) > MAX_CURSOR_CHARS:
        raise BadCursor
    try:
        return _signer(list_name, visibility, filters).unsign_object(text)
    except (BadSignature, ValueError):
        raise BadCursor from None


def _signer(list_name: str, visibility: str, filters: dict[str, Any]) -> Signer:
    return Signer(salt=json.dumps(["cursor", list_name, visibility, filters], sort_keys=True))
