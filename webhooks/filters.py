"""Which events a webhook takes: pure, without a database."""

from dataclasses import dataclass

from webhooks.models import Happening, Webhook


@dataclass(frozen=True, slots=True, kw_only=True)
class Traits:
    """What of an event a webhook can be narrowed by; None where the event has no such thing."""

    kind: str
    step: str | None = None
    area: str | None = None
    bag_type: str | None = None
    batch: str | None = None


def takes(webhook: Webhook, traits: Traits) -> bool:
    """Whether the webhook wants an event like this.

    An empty list narrows nothing. `steps` narrows recorded scans alone, `areas` whatever has an
    area: not what happens to a batch.
    """
    if traits.kind not in webhook.events:
        return False
    recorded = traits.kind == Happening.SCAN_RECORDED
    if webhook.steps and recorded and traits.step not in webhook.steps:
        return False
    if webhook.areas and traits.area is not None and traits.area not in webhook.areas:
        return False
    if webhook.bag_types and traits.bag_type not in webhook.bag_types:
        return False
    return not webhook.batches or traits.batch in webhook.batches
