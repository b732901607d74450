"""Build the JSON body of an event, its filter attributes, and delivery rows."""

from typing import Any

import orjson

from scans.api.serializers import ScanSerializer
from tracetrack.api.fields import to_json
from webhooks.filters import EventAttributes
from webhooks.models import Delivery, Event, EventType, Webhook
from webhooks.queries import PARTITIONS


def render_body(event: Event) -> str:
    """Return the JSON text to send. Every attempt and every webhook gets the same bytes."""
    document = {
        "id": str(event.uid),
        "type": event.kind,
        "sequence": event.pk,
        "occurred_at": event.occurred_at.isoformat(),
        "data": _event_data(event),
    }
    return orjson.dumps(document).decode()


def event_attributes(event: Event) -> EventAttributes:
    """Return the attributes of the event that webhooks can filter by."""
    snapshot, scan = event.snapshot, event.scan
    if scan is None:
        return EventAttributes(
            kind=event.kind,
            area=snapshot.get("area"),
            bag_type=snapshot.get("bag_type"),
            batch=snapshot.get("batch"),
        )
    return EventAttributes(
        kind=event.kind,
        step=scan.step,
        area=scan.area.code,
        bag_type=scan.bag.bag_type.name,
        batch=scan.bag.batch.code if scan.bag.batch else None,
    )


def build_delivery(event: Event, webhook: Webhook, *, replay: int = 0) -> Delivery:
    """Return an unsaved delivery of the event.

    All deliveries of one bag share a partition, so they are sent one after another.
    """
    number = event.bag_id or event.batch_id or 0
    name = "bag" if event.bag_id else "batch" if event.batch_id else "test"
    return Delivery(
        event=event,
        webhook=webhook,
        subject=f"{name}:{number}",
        partition=number % PARTITIONS,
        replay=replay,
    )


def _event_data(event: Event) -> dict[str, Any]:
    data: dict[str, Any] = {}
    if event.scan is not None:
        data["scan"] = to_json(ScanSerializer, event.scan)
    if event.kind.startswith("batch."):
        snapshot = dict(event.snapshot)
        data["batch"] = {"code": snapshot.pop("batch")} | snapshot
    elif event.kind != EventType.SCAN_RECORDED and event.bag is not None:
        data["parent"] = {"code": event.bag.code} | event.snapshot
    return data
