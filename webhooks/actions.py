"""Changes to webhooks: create, change, pause, end, rotate the secret, send a test, replay."""

from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from accounts.models import User
from tracetrack.api.row_version import check_version
from tracetrack.events import emit
from webhooks import payloads, queries, signing
from webhooks.errors import DeliveryPending, TooManyWebhooks, WebhookUrlNotAllowed
from webhooks.events import (
    DeliveryReplayed,
    SecretRotated,
    WebhookChanged,
    WebhookCreated,
    WebhookEnded,
    WebhookPaused,
    WebhookResumed,
)
from webhooks.models import TEST_EVENT, VERSIONED_FIELDS, Delivery, Event, Webhook
from webhooks.url_validation import UrlNotAllowed, check_url

# The versions one of which a webhook must have when it is changed (If-Match); None: any version.
Versions = Collection[str] | None
MAX_WEBHOOKS_PER_OWNER = 20
PAUSED_BY_OWNER = "Paused by its owner."
# The values of the fields that count failures while there are none.
HEALTHY: dict[str, Any] = {"failures": 0, "failing_since": None, "backoff_until": None}


@transaction.atomic
def create_webhook(
    *, actor: User, url: str, secret_seed: str = "", **fields: Any
) -> tuple[Webhook, str]:
    """Create a webhook owned by `actor`; return it with its secret, which is shown only now.

    The secret is derived from `secret_seed`, or from a random seed if it is empty. `fields` are the
    name, the events and the filters. Raise WebhookUrlNotAllowed or TooManyWebhooks.
    """
    _check_url(url)
    # Lock the owner: concurrent requests must not exceed the limit together.
    User.objects.select_for_update(no_key=True).get(pk=actor.pk)
    if Webhook.objects.owned_by(actor).count() >= MAX_WEBHOOKS_PER_OWNER:
        raise TooManyWebhooks(limit=MAX_WEBHOOKS_PER_OWNER)
    webhook = Webhook(owner=actor, url=url, **fields)
    secret = _set_secret(webhook, secret_seed)
    webhook.save()
    # These come from the clock of the database, as the times in the outbox do.
    webhook.refresh_from_db(fields=["created_at", "active_since"])
    emit(WebhookCreated(webhook.pk, url=url, events=tuple(webhook.events)), actor=actor)
    return webhook, secret


@transaction.atomic
def change_webhook(
    *, actor: User, webhook: Webhook, changes: Mapping[str, Any], expected: Versions = None
) -> Webhook:
    """Change fields of a webhook; the field `state` pauses or resumes it. Return the webhook.

    Raise WebhookUrlNotAllowed, or Changed if its version is not among `expected`.
    """
    webhook = _lock(webhook, expected)
    fields = dict(changes)
    state = fields.pop("state", webhook.state)
    changed = {name: value for name, value in fields.items() if getattr(webhook, name) != value}
    if changed:
        _check_url(changed.get("url", webhook.url))
        for name, value in changed.items():
            setattr(webhook, name, value)
        webhook.save(update_fields=list(changed))
        emit(WebhookChanged(webhook.pk, changes=changed), actor=actor)
    if state == Webhook.State.PAUSED:
        pause_webhook(webhook, why=PAUSED_BY_OWNER, actor=actor)
    elif state != webhook.state:
        _resume(webhook, actor)
    return webhook


@transaction.atomic
def pause_webhook(webhook: Webhook, *, why: str, actor: User | None = None) -> None:
    """Pause an active webhook: waiting deliveries stay, and new events are not sent to it.

    If the webhook is not active, nothing changes and no event is emitted.
    """
    values = {"state": Webhook.State.PAUSED, "paused_why": why[:200]}
    if Webhook.objects.filter(pk=webhook.pk, state=Webhook.State.ACTIVE).update(**values):
        webhook.state, webhook.paused_why = values["state"], values["paused_why"]
        emit(WebhookPaused(webhook.pk, why=webhook.paused_why), actor=actor)


@transaction.atomic
def end_webhook(*, actor: User, webhook: Webhook, expected: Versions = None) -> Webhook:
    """End a webhook permanently and give up its waiting deliveries. Return the webhook.

    Its log stays until the retention period ends. Raises Changed if its version is not among
    `expected`.
    """
    webhook = _lock(webhook, expected)
    webhook.state, webhook.paused_why = Webhook.State.ENDED, ""
    webhook.save(update_fields=["state", "paused_why"])
    waiting = Delivery.objects.filter(webhook=webhook, state=Delivery.State.WAITING)
    waiting.update(state=Delivery.State.FAILED, error="The webhook was ended.")
    emit(WebhookEnded(webhook.pk), actor=actor)
    return webhook


@transaction.atomic
def rotate_secret(
    *,
    actor: User,
    webhook: Webhook,
    overlap_seconds: int,
    secret_seed: str = "",
    expected: Versions = None,
) -> tuple[Webhook, str]:
    """Give a webhook a new secret; return the webhook with the secret, which is shown only now.

    For `overlap_seconds` deliveries are signed with both the new and the previous secret. Raise
    Changed if the version of the webhook is not among `expected`.
    """
    webhook = _lock(webhook, expected)
    webhook.previous_secret_seed = webhook.secret_seed
    webhook.previous_secret_until = timezone.now() + timedelta(seconds=overlap_seconds)
    secret = _set_secret(webhook, secret_seed)
    fields = ["secret_seed", "fingerprint", "previous_secret_seed", "previous_secret_until"]
    webhook.save(update_fields=fields)
    emit(SecretRotated(webhook.pk), actor=actor)
    return webhook, secret


@transaction.atomic
def send_test(*, webhook: Webhook) -> Delivery:
    """Enqueue a test event for the webhook, also if it is paused. Return the waiting delivery."""
    now = timezone.now()
    event = Event(kind=TEST_EVENT, occurred_at=now, matched_at=now)
    event.save()
    event.body = payloads.render_body(event)
    event.save(update_fields=["body"])
    delivery = payloads.build_delivery(event, webhook)
    delivery.created_at = delivery.due_at = now
    delivery.save()
    Webhook.objects.filter(pk=webhook.pk).update(backoff_until=None)
    queries.enqueue_due()
    return delivery


@transaction.atomic
def replay_delivery(*, actor: User, webhook: Webhook, delivery: Delivery) -> Delivery:
    """Send the event of a finished delivery again, after the waiting deliveries of its subject.

    Return the new delivery. Raises DeliveryPending if the given one is still waiting.
    """
    _lock(webhook)
    if delivery.state == Delivery.State.WAITING:
        raise DeliveryPending(delivery=delivery.pk)
    replay = queries.next_replay_number(delivery)
    again = payloads.build_delivery(delivery.event, webhook, replay=replay)
    again.created_at = again.due_at = timezone.now()
    again.save()
    queries.enqueue_due()
    emit(DeliveryReplayed(webhook.pk, delivery=delivery.pk), actor=actor)
    return again


def _check_url(url: str) -> None:
    try:
        check_url(url)
    except UrlNotAllowed as refusal:
        raise WebhookUrlNotAllowed(url=url, reason=str(refusal)) from None


def _resume(webhook: Webhook, actor: User) -> None:
    webhook.state, webhook.paused_why = Webhook.State.ACTIVE, ""
    values = {"state": webhook.state, "paused_why": webhook.paused_why, "active_since": Now()}
    Webhook.objects.filter(pk=webhook.pk).update(**values, **HEALTHY)
    webhook.refresh_from_db(fields=["active_since", *HEALTHY])
    queries.enqueue_due()
    emit(WebhookResumed(webhook.pk), actor=actor)


def _lock(webhook: Webhook, expected: Versions = None) -> Webhook:
    """Return the webhook, locked until commit; raise Changed if its version is not `expected`."""
    rows = Webhook.objects.select_for_update(no_key=True, of=("self",)).select_related("owner")
    locked = rows.get(pk=webhook.pk)
    check_version(locked, expected, VERSIONED_FIELDS)
    return locked


def _set_secret(webhook: Webhook, secret_seed: str) -> str:
    """Set the seed and the fingerprint of a new secret, without saving them; return the secret."""
    webhook.secret_seed = secret_seed or signing.generate_seed()
    secret = signing.derive_secret(webhook.secret_seed)
    webhook.fingerprint = signing.fingerprint(secret)
    return secret
