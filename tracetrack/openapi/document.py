"""The whole description of the API as OpenAPI 3.1: made from the views and the tables."""

from functools import cache
from typing import Any

import orjson
from drf_spectacular.generators import SchemaGenerator

from tracetrack.openapi import shapes
from tracetrack.openapi.schema import TABLES
from tracetrack.openapi.shapes import INTEGER, TEXT, record
from webhooks.api import described_events as events

PROBLEM = record(
    {
        "type": {"type": "string", "format": "uri"},
        "title": TEXT,
        "detail": TEXT,
        "status": INTEGER,
        "code": TEXT,
        "remedy": TEXT,
        "facts": shapes.ANYTHING,
        "instance": TEXT,
        "request_id": TEXT,
    },
    optional=("remedy",),
)
HEADERS = {
    "X-Request-ID": (TEXT, "The id of this request: yours, or one that was made."),
    "RateLimit-Limit": (INTEGER, "How many requests a window allows."),
    "RateLimit-Remaining": (INTEGER, "How many of them are left."),
    "RateLimit-Reset": (INTEGER, "In how many seconds the next window begins."),
    "RateLimit-Policy": (TEXT, "The allowance and its window, such as 600;w=60."),
    "Retry-After": (INTEGER, "After how many seconds to try again."),
}


@cache
def document() -> bytes:
    """The whole description, as JSON. Made once."""
    return orjson.dumps(SchemaGenerator().get_schema(request=None, public=True))


def complete(result: dict[str, Any], **context: Any) -> dict[str, Any]:
    """What no single operation says: shapes with names, headers, how to sign in, the groups."""
    parts = result["components"]
    shapes = {name: shape for app in (*TABLES, events) for name, shape in app.SHAPES.items()}
    # What a reader does not know it refuses.
    readers = parts.get("schemas", {}).items()
    shapes |= {name: shape | {"additionalProperties": False} for name, shape in readers}
    parts["schemas"] = dict(sorted((shapes | {"Problem": PROBLEM}).items()))
    parts["headers"] = {
        name: {"schema": shape, "description": text} for name, (shape, text) in HEADERS.items()
    }
    parts["securitySchemes"] = {
        "token": {"type": "http", "scheme": "bearer", "description": "An API token, tt_…"},
        "session": {
            "type": "apiKey",
            "in": "cookie",
            "name": "sessionid",
            "description": "A browser's log-in. What changes something needs X-CSRFToken, too.",
        },
    }
    result["webhooks"] = events.webhooks()
    operations = [one for path in result["paths"].values() for one in path.values()]
    groups = {one["tags"][0] for one in operations}
    result["tags"] = [{"name": group} for group in sorted(groups)]
    _strip(result)
    return result


def _strip(part: Any) -> None:
    """Remove the notes that drf-spectacular makes for itself."""
    if isinstance(part, dict):
        part.pop("x-spec-enum-id", None)
        part = list(part.values())
    if isinstance(part, list):
        for one in part:
            _strip(one)
