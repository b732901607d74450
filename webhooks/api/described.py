"""What the endpoints about webhooks take and answer."""

from typing import Any

from tracetrack.errors.problem import BadCursor, Changed, NotFound
from tracetrack.openapi.shapes import (
    COUNT,
    INTEGER,
    MOMENT,
    REF,
    TEXT,
    Shape,
    Table,
    Told,
    leading,
    maybe,
    named,
    one_of,
    record,
    rows,
    some,
    walked,
    with_some,
)
from webhooks.api.serializers import RotateSecretIn, WebhookChangeIn, WebhookIn
from webhooks.errors import DeliveryPending, TooManyWebhooks, WebhookUrlNotAllowed
from webhooks.models import TEST_EVENT, Delivery, EventType, Webhook

GROUP = "webhooks"
WEBHOOK: dict[str, Shape] = {
    "id": INTEGER,
    "name": TEXT,
    "url": TEXT,
    "events": rows(one_of(EventType.values)),
    "steps": rows(TEXT),
    "areas": rows(TEXT),
    "bag_types": rows(TEXT),
    "batches": rows(TEXT),
    "state": one_of(Webhook.State.values),
    "paused_why": TEXT,
    "failures": COUNT,
    "failing_since": maybe(MOMENT),
    "old_secret_until": maybe(MOMENT),
    "created_at": MOMENT,
}
DELIVERY: dict[str, Shape] = {
    "id": INTEGER,
    "event": REF,
    "type": one_of([*EventType.values, TEST_EVENT]),
    "sequence": INTEGER,
    "replay": COUNT,
    "state": one_of(Delivery.State.values),
    "attempts": COUNT,
    "created_at": MOMENT,
    "due_at": maybe(MOMENT),
    "tried_at": maybe(MOMENT),
    "took_ms": maybe(COUNT),
    "status": maybe(INTEGER),
    "answer": TEXT,
    "error": TEXT,
}
SHAPES = with_some({"Webhook": record(WEBHOOK), "Delivery": record(DELIVERY)}) | {
    "NewWebhook": record(WEBHOOK | {"secret": TEXT}),
}

HOOK: dict[str, Any] = {
    "id": 3, "name": "erp", "url": "https://erp.example/hook",
    "events": ["parent.dispatched", "scan.recorded"], "steps": [], "areas": ["lucknow"],
    "bag_types": [], "batches": [], "state": "active", "paused_why": "", "failures": 0,
    "failing_since": None, "old_secret_until": None,
    "created_at": "2026-11-24T09:00:00.120000+00:00",
}  # fmt: skip
SHOWN = HOOK | {"secret": "whsec_q1w2E3r4…"}
SENT: dict[str, Any] = {
    "id": 4711, "event": "2f1c0f3e-6f0a-4c58-9d40-1c2d0a8f4b11", "type": "parent.dispatched",
    "sequence": 90210, "replay": 0, "state": "failed", "attempts": 84,
    "created_at": "2026-11-24T09:00:00.300000+00:00", "due_at": None,
    "tried_at": "2026-11-27T09:12:00.400000+00:00", "took_ms": 41, "status": 503,
    "answer": "closed", "error": "",
}  # fmt: skip
WAITS = SENT | {
    "id": 4712, "state": "waiting", "attempts": 0, "due_at": "2026-11-27T10:00:00+00:00",
    "tried_at": None, "took_ms": None, "status": None, "answer": "",
}  # fmt: skip
ONE = {"webhook": 3}
ROUTE = "webhooks/<int:webhook>"
OF_A_WEBHOOK = [f"{method} {ROUTE}" for method in ("GET", "PATCH", "DELETE")]
OF_A_WEBHOOK += [f"POST {ROUTE}/rotate", f"POST {ROUTE}/test", f"GET {ROUTE}/deliveries"]
REPLAY = f"POST {ROUTE}/deliveries/<int:delivery>/replay"
SAME = "$request.path.webhook"

TABLE: Table = {
    "GET webhooks": Told(
        summary="Your webhooks",
        group=GROUP,
        answer=record({"results": rows(some("Webhook"))}),
        example={"results": [HOOK]},
        leads=leading(OF_A_WEBHOOK, webhook="results/0/id"),
    ),
    "POST webhooks": Told(
        summary="Have a system told of what happens; the secret is shown this once",
        group=GROUP,
        answer=named("NewWebhook"),
        example=SHOWN,
        body=WebhookIn,
        sent={
            "name": "erp",
            "url": "https://erp.example/hook",
            "events": ["scan.recorded", "parent.dispatched"],
            "areas": ["lucknow"],
        },
        statuses=(201,),
        refusals=(WebhookUrlNotAllowed, TooManyWebhooks),
        leads=leading(OF_A_WEBHOOK, webhook="id"),
    ),
    f"GET {ROUTE}": Told(
        summary="One webhook",
        group=GROUP,
        answer=some("Webhook"),
        example=HOOK,
        asked=ONE,
        refusals=(NotFound,),
    ),
    f"PATCH {ROUTE}": Told(
        summary="Change, pause or resume a webhook",
        group=GROUP,
        answer=named("Webhook"),
        example=HOOK | {"state": "paused", "paused_why": "Paused by its owner."},
        asked=ONE,
        body=WebhookChangeIn,
        sent={"state": "paused"},
        refusals=(NotFound, Changed, WebhookUrlNotAllowed),
    ),
    f"DELETE {ROUTE}": Told(
        summary="End a webhook",
        group=GROUP,
        answer=named("Webhook"),
        example=HOOK | {"state": "ended"},
        asked=ONE,
        refusals=(NotFound, Changed),
    ),
    f"POST {ROUTE}/rotate": Told(
        summary="Give a webhook a new secret, shown this once",
        group=GROUP,
        answer=named("NewWebhook"),
        example=SHOWN | {"old_secret_until": "2026-11-24T10:00:00+00:00"},
        asked=ONE,
        body=RotateSecretIn,
        sent={"overlap_seconds": 3600},
        statuses=(201,),
        refusals=(NotFound, Changed),
    ),
    f"POST {ROUTE}/test": Told(
        summary="Have an event of no meaning sent",
        group=GROUP,
        answer=named("Delivery"),
        example=WAITS | {"type": TEST_EVENT},
        leads=leading([REPLAY], webhook=SAME, delivery="id"),
        asked=ONE,
        sent={},
        statuses=(202,),
        refusals=(NotFound,),
    ),
    f"GET {ROUTE}/deliveries": Told(
        summary="What was sent, and what came of it, the newest first",
        group=GROUP,
        answer=walked(some("Delivery")),
        example={"results": [SENT], "next": None, "previous": None},
        asked=ONE | {"state": "failed"},
        leads=leading([REPLAY], webhook=SAME, delivery="results/0/id"),
        refusals=(NotFound, BadCursor),
    ),
    REPLAY: Told(
        summary="Send the event of a delivery once more",
        group=GROUP,
        answer=named("Delivery"),
        example=WAITS | {"replay": 1},
        asked=ONE | {"delivery": 4711},
        sent={},
        statuses=(202,),
        refusals=(NotFound, DeliveryPending),
    ),
}
