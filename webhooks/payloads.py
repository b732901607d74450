"""What an event looks like to webhooks: what is sent of it, and what it can be narrowed by."""

from typing import Any

import orjson

from scans.api.serializers import scan_json
from webhooks.filters import Traits
from webhooks.models import Delivery, Event, Happening, Webhook
from webhooks.queries import LANES


def body_of(event: Event) -> str:
    """What is sent: the same bytes in every try and to every webhook."""
    document = {
        "id": str(event.uid),
        "type": event.kind,
        "sequence": event.pk,
        "occurred_at": event.at.isoformat(),
        "data": _data(event),
    }
    return orjson.dumps(document).decode()


def traits_of(event: Event) -> Traits:
    """What the event can be narrowed by."""
    facts, scan = event.facts, event.scan
    if scan is None:
        return Traits(
            kind=event.kind,
            area=facts.get("area"),
            bag_type=facts.get("bag_type"),
            batch=facts.get("batch"),
        )
    return Traits(
        kind=event.kind,
        step=scan.step,
        area=scan.area.code,
        bag_type=scan.bag.bag_type.name,
        batch=scan.bag.batch.code if scan.bag.batch else None,
    )


def new_delivery(event: Event, webhook: Webhook, *, replay: int = 0) -> Delivery:
    """A delivery of `event`, not kept yet. All of one bag go through one lane, one by one."""
    number = event.bag_id or event.batch_id or 0
    name = "bag" if event.bag_id else "batch" if event.batch_id else "test"
    return Delivery(
        event=event,
        webhook=webhook,
        subject=f"{name}:{number}",
        lane=number % LANES,
        replay=replay,
    )


def _data(event: Event) -> dict[str, Any]:
    data: dict[str, Any] = {}
    if event.scan is not None:
        data["scan"] = scan_json(event.scan)
    if event.kind.startswith("batch."):
        facts = dict(event.facts)
        data["batch"] = {"code": facts.pop("batch")} | facts
    elif event.kind != Happening.SCAN_RECORDED and event.bag is not None:
        data["parent"] = {"code": event.bag.code} | event.facts
    return data
