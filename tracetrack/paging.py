"""Cursors: where a list goes on, sealed so that only this list of this person takes it back."""

import json
from typing import Any

from django.core.signing import BadSignature, Signer

from tracetrack.errors import BadCursor

LONGEST = 256


def cursor(after: int, *, of: str, scope: str, filters: dict[str, Any]) -> str:
    """A cursor behind the row with the id `after`, good for this list, scope and these filters."""
    return _signer(of, scope, filters).sign_object(after)


def read_cursor(text: str, *, of: str, scope: str, filters: dict[str, Any]) -> int:
    """The id that the cursor stands behind. Raises BadCursor where another list made it."""
    if len(text) > LONGEST:
        raise BadCursor
    try:
        after = _signer(of, scope, filters).unsign_object(text)
    except (BadSignature, ValueError):
        raise BadCursor from None
    return int(after)


def _signer(of: str, scope: str, filters: dict[str, Any]) -> Signer:
    # What a cursor is bound to is part of the salt: it need not travel, and cannot be changed.
    return Signer(salt=json.dumps(["cursor", of, scope, filters], sort_keys=True))
