"""Audit events about webhooks. The events that webhooks receive are models.EventType."""

from dataclasses import dataclass
from typing import ClassVar

from tracetrack.events import Event


@dataclass(frozen=True, slots=True)
class WebhookEvent(Event):
    """Base of the events about one webhook."""

    audited: ClassVar[bool] = True

    webhook: int

    @property
    def subject(self) -> str:
        return f"webhook {self.webhook}"


@dataclass(frozen=True, slots=True)
class WebhookCreated(WebhookEvent):
    name: ClassVar[str] = "webhook.created"

    url: str
    events: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class WebhookChanged(WebhookEvent):
    name: ClassVar[str] = "webhook.changed"

    changes: dict[str, object]


@dataclass(frozen=True, slots=True)
class WebhookPaused(WebhookEvent):
    name: ClassVar[str] = "webhook.paused"

    why: str


@dataclass(frozen=True, slots=True)
class WebhookResumed(WebhookEvent):
    name: ClassVar[str] = "webhook.resumed"


@dataclass(frozen=True, slots=True)
class WebhookEnded(WebhookEvent):
    name: ClassVar[str] = "webhook.ended"


@dataclass(frozen=True, slots=True)
class SecretRotated(WebhookEvent):
    name: ClassVar[str] = "webhook.secret_rotated"


@dataclass(frozen=True, slots=True)
class DeliveryReplayed(WebhookEvent):
    name: ClassVar[str] = "webhook.replayed"

    delivery: int
