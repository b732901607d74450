"""Decide whether an event matches the filters of a webhook, without database access."""

from dataclasses import dataclass

from webhooks.models import EventType, Webhook


@dataclass(frozen=True, slots=True, kw_only=True)
class EventAttributes:
    """The attributes of an event that webhooks can filter by; None if the event has no such one."""

    kind: str
    step: str | None = None
    area: str | None = None
    bag_type: str | None = None
    batch: str | None = None


def matches(webhook: Webhook, event: EventAttributes) -> bool:
    """Return whether the webhook subscribes to an event with these attributes.

    An empty list filters nothing. `steps` applies only to recorded scans; `areas` applies only to
    events that have an area, so batch events pass it.
    """
    if event.kind not in webhook.events:
        return False
    is_scan = event.kind == EventType.SCAN_RECORDED
    if webhook.steps and is_scan and event.step not in webhook.steps:
        return False
    if webhook.areas and event.area is not None and event.area not in webhook.areas:
        return False
    if webhook.bag_types and event.bag_type not in webhook.bag_types:
        return False
    return not webhook.batches or event.batch in webhook.batches
