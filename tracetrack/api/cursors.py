"""Cursors: where a list goes on, sealed so that only this list of this person takes it back."""

import json
from typing import Any
from urllib.parse import urlencode

from django.core.signing import BadSignature, Signer
from rest_framework.request import Request

from tracetrack.api.pagination import Page, Position
from tracetrack.errors.problem import BadCursor

MAX_CURSOR_CHARS = 256


def make_cursor(after: int, *, of: str, scope: str, filters: dict[str, Any]) -> str:
    """A cursor behind the row with the id `after`, good for this list, scope and these filters."""
    return _signer(of, scope, filters).sign_object(after)


def read_cursor(text: str, *, of: str, scope: str, filters: dict[str, Any]) -> int:
    """The id that the cursor stands behind. Raises BadCursor where another list made it."""
    key = _unsigned(text, of, scope, filters)
    if not isinstance(key, int):
        raise BadCursor
    return key


def make_page_cursor(place: Position, *, of: str, scope: str, filters: dict[str, Any]) -> str:
    """A cursor at `place`, good as those of cursor()."""
    return _signer(of, scope, filters).sign_object([place.key] if place.back else place.key)


def read_page_cursor(text: str, *, of: str, scope: str, filters: dict[str, Any]) -> Position:
    """The place that the cursor names. Raises BadCursor where another list made it."""
    key = _unsigned(text, of, scope, filters)
    return Position(key[0], back=True) if isinstance(key, list) else Position(key)


def page_links(request: Request, page: Page, **sealed: Any) -> dict[str, str | None]:
    """The addresses of the pages after and before `page`, as members of an answer."""
    places = {"next": page.next, "previous": page.previous}
    return {
        name: url_with_cursor(request, make_page_cursor(place, **sealed)) if place else None
        for name, place in places.items()
    }


def url_with_cursor(request: Request, cursor: str) -> str:
    """The address that was asked for, going on at `cursor`."""
    given = {name: request.query_params[name] for name in request.query_params}
    return f"{request.path}?{urlencode(given | {'cursor': cursor})}"


def _unsigned(text: str, of: str, scope: str, filters: dict[str, Any]) -> Any:
    if len(text) > MAX_CURSOR_CHARS:
        raise BadCursor
    try:
        return _signer(of, scope, filters).unsign_object(text)
    except (BadSignature, ValueError):
        raise BadCursor from None


def _signer(of: str, scope: str, filters: dict[str, Any]) -> Signer:
    # What a cursor is bound to is part of the salt: it need not travel, and cannot be changed.
    return Signer(salt=json.dumps(["cursor", of, scope, filters], sort_keys=True))
