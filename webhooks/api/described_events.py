"""What webhooks are sent, as OpenAPI tells of it: the shape and an example of each event."""

from typing import Any

from bags.models import Batch
from scans.api.described import ONE
from tracetrack.openapi.shapes import (
    COUNT,
    INTEGER,
    MOMENT,
    REF,
    TEXT,
    WEIGHT,
    Shape,
    maybe,
    named,
    one_of,
    record,
)
from webhooks import signing
from webhooks.models import TEST_EVENT, EventType

SACK = record(
    {
        "code": TEXT,
        "area": TEXT,
        "bag_type": TEXT,
        "batch": maybe(TEXT),
        "count": COUNT,
        "capacity": COUNT,
        "weight": WEIGHT,
    }
)
LOT = record(
    {
        "code": TEXT,
        "bag_type": TEXT,
        "product": TEXT,
        "state": one_of(Batch.State.values),
        "reason": TEXT,
        "held_at": MOMENT,
        "held_by": maybe(TEXT),
    }
)
SHAPES = {"ToldSack": SACK, "ToldBatch": LOT}

FULL = {
    "code": "SB10001", "area": "lucknow", "bag_type": "mustard", "batch": "LOT-1", "count": 30,
    "capacity": 30, "weight": "30.000",
}  # fmt: skip
HELD = {
    "code": "LOT-1", "bag_type": "mustard", "product": "Mustard", "state": "open",
    "reason": "smells", "held_at": "2026-11-24T09:00:00.123456+00:00", "held_by": "ben",
}  # fmt: skip
SENT = {"code": "SB10001", "kind": "parent", "parent": None, "area": "indore"}
# By the name of an event: when it is sent, and what its data are, by an example.
EVENTS: dict[str, tuple[str, dict[str, Any]]] = {
    EventType.SCAN_RECORDED: ("A scan was accepted, applied or already.", {"scan": ONE}),
    EventType.PARENT_COMPLETED: ("A sack became complete.", {"parent": FULL}),
    EventType.PARENT_DISPATCHED: (
        "A sack left for an area.",
        {"scan": ONE | SENT | {"step": "dispatch"}, "parent": FULL},
    ),
    EventType.PARENT_RECEIVED: (
        "A sack arrived; unexpected in scan where it had not been dispatched.",
        {"scan": ONE | SENT | {"step": "receive"}, "parent": FULL | {"area": "indore"}},
    ),
    EventType.BATCH_HELD: ("A batch was put on hold.", {"batch": HELD}),
    EventType.BATCH_RELEASED: (
        "A hold was lifted; it tells which.",
        {"batch": HELD},
    ),
    TEST_EVENT: ("Somebody asked for it.", {}),
}
DATA = {"scan": named("Scan"), "parent": named("ToldSack"), "batch": named("ToldBatch")}
HEADERS = {
    "TraceTrack-Event": (TEXT, "The name of the event."),
    "TraceTrack-Event-Id": (REF, "The id of the event: the same in every try."),
    "TraceTrack-Delivery": (TEXT, "The number of the delivery in the log."),
    signing.SIGNATURE_HEADER: (TEXT, "The time, and a signature of time and body by each secret."),
}


def webhooks() -> dict[str, Any]:
    """The section of the description that tells what arrives, event by event."""
    return {str(name): {"post": _told(str(name), *about)} for name, about in sorted(EVENTS.items())}


def shape_of(name: str) -> Shape:
    """The body of an event of this name."""
    _, data = EVENTS[name]
    return record(
        {
            "id": REF,
            "type": {"const": name},
            "sequence": INTEGER,
            "occurred_at": MOMENT,
            "data": record({part: DATA[part] for part in data}),
        }
    )


def _told(name: str, when: str, data: dict[str, Any]) -> dict[str, Any]:
    example = {
        "id": "2f1c0f3e-6f0a-4c58-9d40-1c2d0a8f4b11",
        "type": name,
        "sequence": 90210,
        "occurred_at": "2026-11-24T09:00:00.123456+00:00",
        "data": data,
    }
    return {
        "operationId": f"told_{name.replace('.', '_')}",
        "summary": when,
        "tags": ["webhooks"],
        "parameters": [
            {"in": "header", "name": header, "required": True, "schema": shape, "description": text}
            for header, (shape, text) in HEADERS.items()
        ],
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": shape_of(name), "example": example}},
        },
        "responses": {
            "2XX": {"description": "It has arrived, and does not come again."},
            "410": {"description": "It is not wanted any more: the webhook is paused at once."},
            "default": {"description": "It has not arrived, and is tried again for three days."},
        },
    }
