"""The `webhooks` section of the OpenAPI document: the requests that TraceTrack sends, by event."""

from dataclasses import dataclass, field
from typing import Any

from rest_framework import serializers

from bags.models import Batch
from scans.api.serializers import SCAN_EXAMPLE, ScanSerializer
from tracetrack.api.fields import CountField, TimestampField, WeightField
from tracetrack.openapi.document import add_component
from webhooks.models import TEST_EVENT, EventType
from webhooks.signing import SIGNATURE_HEADER

Schema = dict[str, Any]


class ParentSnapshotSerializer(serializers.Serializer[Any]):
    """A parent as it was when the event occurred."""

    code = serializers.CharField()
    area = serializers.CharField()
    bag_type = serializers.CharField()
    batch = serializers.CharField(allow_null=True)
    count = CountField()
    capacity = CountField()
    weight = WeightField()


class BatchSnapshotSerializer(serializers.Serializer[Any]):
    """A batch and its hold as they were when the event occurred."""

    code = serializers.CharField()
    bag_type = serializers.CharField()
    product = serializers.CharField()
    state = serializers.ChoiceField(Batch.State.choices)
    reason = serializers.CharField()
    held_at = TimestampField()
    held_by = serializers.CharField(allow_null=True)


# The members of an event's `data`.
DATA_SERIALIZERS: dict[str, type[serializers.Serializer[Any]]] = {
    "scan": ScanSerializer,
    "parent": ParentSnapshotSerializer,
    "batch": BatchSnapshotSerializer,
}
PARENT_EXAMPLE = {
    "code": "SB10001", "area": "lucknow", "bag_type": "mustard", "batch": "LOT-1", "count": 30,
    "capacity": 30, "weight": "30.000",
}  # fmt: skip
PARENT_SCAN_EXAMPLE = SCAN_EXAMPLE | {
    "code": "SB10001", "kind": "parent", "parent": None, "area": "indore",
}  # fmt: skip
BATCH_EXAMPLE = {
    "code": "LOT-1", "bag_type": "mustard", "product": "Mustard", "state": "open",
    "reason": "smells", "held_at": "2026-11-24T09:00:00.123456+00:00", "held_by": "ben",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class EventDoc:
    """The documentation of an event: when it is sent, and an example of its `data`."""

    summary: str
    data: dict[str, Any] = field(default_factory=dict)


EVENT_DOCS: dict[str, EventDoc] = {
    EventType.SCAN_RECORDED: EventDoc(
        "A scan was recorded, applied or already.", {"scan": SCAN_EXAMPLE}
    ),
    EventType.PARENT_COMPLETED: EventDoc(
        "A parent bag became complete.", {"parent": PARENT_EXAMPLE}
    ),
    EventType.PARENT_DISPATCHED: EventDoc(
        "A parent bag was dispatched to an area.",
        {"scan": PARENT_SCAN_EXAMPLE | {"step": "dispatch"}, "parent": PARENT_EXAMPLE},
    ),
    EventType.PARENT_RECEIVED: EventDoc(
        "A parent bag was received; `scan.unexpected` is true if it had not been dispatched.",
        {
            "scan": PARENT_SCAN_EXAMPLE | {"step": "receive"},
            "parent": PARENT_EXAMPLE | {"area": "indore"},
        },
    ),
    EventType.BATCH_HELD: EventDoc("A batch was put on hold.", {"batch": BATCH_EXAMPLE}),
    EventType.BATCH_RELEASED: EventDoc(
        "A batch was released; `batch` has the hold that ended.", {"batch": BATCH_EXAMPLE}
    ),
    TEST_EVENT: EventDoc("The owner of the webhook requested a test."),
}
STRING: Schema = {"type": "string"}
UUID: Schema = {"type": "string", "format": "uuid"}
HEADERS = {
    "TraceTrack-Event": (STRING, "The name of the event."),
    "TraceTrack-Event-Id": (UUID, "The id of the event: the same in every attempt."),
    "TraceTrack-Delivery": (STRING, "The id of the delivery in the log."),
    SIGNATURE_HEADER: (STRING, "The time, and per secret a signature of time and body."),
}
RESPONSES = {
    "2XX": {"description": "The event has arrived and is not sent again."},
    "410": {"description": "The receiver has gone: the webhook is paused at once."},
    "default": {"description": "The event has not arrived and is sent again for three days."},
}


def add_event_schemas(result: Schema, generator: Any, **context: Any) -> Schema:
    """Add the events to the OpenAPI document. A postprocessing hook of drf-spectacular."""
    members = {
        name: add_component(result, generator, serializer)
        for name, serializer in DATA_SERIALIZERS.items()
    }
    result["webhooks"] = {
        str(name): {"post": _operation(str(name), doc, members)}
        for name, doc in sorted(EVENT_DOCS.items())
    }
    return result


def _operation(name: str, doc: EventDoc, members: dict[str, Schema]) -> Schema:
    data = _object({member: members[member] for member in doc.data})
    example = {
        "id": "2f1c0f3e-6f0a-4c58-9d40-1c2d0a8f4b11",
        "type": name,
        "sequence": 90210,
        "occurred_at": "2026-11-24T09:00:00.123456+00:00",
        "data": doc.data,
    }
    return {
        "operationId": f"event_{name.replace('.', '_')}",
        "summary": doc.summary,
        "tags": ["webhooks"],
        "parameters": [
            {
                "in": "header",
                "name": header,
                "required": True,
                "schema": schema,
                "description": text,
            }
            for header, (schema, text) in HEADERS.items()
        ],
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": _body(name, data), "example": example}},
        },
        "responses": RESPONSES,
    }


def _body(name: str, data: Schema) -> Schema:
    return _object(
        {
            "id": UUID,
            "type": {"const": name},
            "sequence": {"type": "integer"},
            "occurred_at": {"type": "string", "format": "date-time"},
            "data": data,
        }
    )


def _object(properties: dict[str, Schema]) -> Schema:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }
