"""What may be done to webhooks: made, changed, paused, resumed, ended, tested, replayed."""

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
from webhooks.errors import DeliveryWaits, TooManyWebhooks, WebhookAddress
from webhooks.events import DeliveryReplayed, SecretRotated, WebhookChanged, WebhookCreated, WebhookEnded, WebhookPaused, WebhookResumed
from webhooks.models import Delivery, Event, OWNED, TEST, Webhook
from webhooks.url_validation import NotAllowed, check_url

# Versions of which a webhook must be one when it is changed; None: whatever it is.
Versions = Collection[str] | None
AT_MOST = 20
BY_OWNER = "Paused by its owner."
WELL: dict[str, Any] = {"failures": 0, "failing_since": None, "rests_until": None}


@transaction.atomic
def create_webhook(
    *, actor: User, url: str, secret_seed: str = "", **fields: Any
) -> tuple[Webhook, str]:
    """A new webhook of `actor`, and its secret, to be shown once: of `secret_seed`, or of chance.

    Raises WebhookAddress, TooManyWebhooks.
    """
    _check_address(url)
    # One at a time, or two would both be the last that fits.
    User.objects.select_for_update(no_key=True).get(pk=actor.pk)
    if Webhook.objects.of(actor).count() >= AT_MOST:
        raise TooManyWebhooks(limit=AT_MOST)
    webhook = Webhook(owner=actor, url=url, **fields)
    secret = _with_new_secret(webhook, secret_seed)
    webhook.save()
    # By the clock of the database, which the outbox goes by.
    webhook.refresh_from_db(fields=["created_at", "since"])
    emit(WebhookCreated(webhook.pk, url=url, events=tuple(webhook.events)), actor=actor)
    return webhook, secret


@transaction.atomic
def change_webhook(
    *, actor: User, webhook: Webhook, changes: Mapping[str, Any], expected: Versions = None
) -> Webhook:
    """Keep what was changed; `state` pauses and resumes. Raises WebhookAddress, Changed."""
    webhook = _locked(webhook, expected)
    wanted = dict(changes)
    state = wanted.pop("state", webhook.state)
    changed = {name: value for name, value in wanted.items() if getattr(webhook, name) != value}
    if changed:
        _check_address(changed.get("url", webhook.url))
        for name, value in changed.items():
            setattr(webhook, name, value)
        webhook.save(update_fields=list(changed))
        emit(WebhookChanged(webhook.pk, changes=changed), actor=actor)
    if state == Webhook.State.PAUSED:
        pause_webhook(webhook, why=BY_OWNER, actor=actor)
    elif state != webhook.state:
        _resume(webhook, actor)
    return webhook


@transaction.atomic
def pause_webhook(webhook: Webhook, *, why: str, actor: User | None = None) -> None:
    """Stop telling it of what happens; what waits stays. Nothing changes where it is not active."""
    webhook.state, webhook.paused_why = Webhook.State.PAUSED, why[:200]
    active = Webhook.objects.filter(pk=webhook.pk, state=Webhook.State.ACTIVE)
    if active.update(state=webhook.state, paused_why=webhook.paused_why):
        emit(WebhookPaused(webhook.pk, why=webhook.paused_why), actor=actor)


@transaction.atomic
def end_webhook(*, actor: User, webhook: Webhook, expected: Versions = None) -> Webhook:
    """End it for good. Its log stays until it is old; what waits is given up. Raises Changed."""
    webhook = _locked(webhook, expected)
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
    """A new secret, to be shown once; so long deliveries are signed with the old one, too.

    Raises Changed.
    """
    webhook = _locked(webhook, expected)
    webhook.old_seed = webhook.seed
    webhook.old_until = timezone.now() + timedelta(seconds=overlap_seconds)
    secret = _with_new_secret(webhook, secret_seed)
    webhook.save(update_fields=["seed", "fingerprint", "old_seed", "old_until"])
    emit(SecretRotated(webhook.pk), actor=actor)
    return webhook, secret


@transaction.atomic
def send_test(*, webhook: Webhook) -> Delivery:
    """Have the worker send an event of no meaning, whether the webhook is paused or not."""
    now = timezone.now()
    event = Event(kind=TEST, at=now, matched_at=now)
    event.save()
    event.body = payloads.body_of(event)
    event.save(update_fields=["body"])
    delivery = payloads.new_delivery(event, webhook)
    delivery.created_at = delivery.due_at = now
    delivery.save()
    Webhook.objects.filter(pk=webhook.pk).update(rests_until=None)
    queries.wake()
    return delivery


@transaction.atomic
def replay(*, actor: User, webhook: Webhook, delivery: Delivery) -> Delivery:
    """Send the same event once more, behind whatever waits. Raises DeliveryWaits."""
    _locked(webhook)
    if delivery.state == Delivery.State.WAITING:
        raise DeliveryWaits(delivery=delivery.pk)
    again = payloads.new_delivery(delivery.event, webhook, replay=queries.next_replay(delivery))
    again.created_at = again.due_at = timezone.now()
    again.save()
    queries.wake()
    emit(DeliveryReplayed(webhook.pk, delivery=delivery.pk), actor=actor)
    return again


def _check_address(url: str) -> None:
    try:
        check_url(url)
    except NotAllowed as refusal:
        raise WebhookAddress(url=url, reason=str(refusal)) from None


def _resume(webhook: Webhook, actor: User) -> None:
    webhook.state, webhook.paused_why = Webhook.State.ACTIVE, ""
    kept = {"state": webhook.state, "paused_why": webhook.paused_why, "since": Now()} | WELL
    Webhook.objects.filter(pk=webhook.pk).update(**kept)
    webhook.refresh_from_db(fields=["since", *WELL])
    queries.wake()
    emit(WebhookResumed(webhook.pk), actor=actor)


def _locked(webhook: Webhook, expected: Versions = None) -> Webhook:
    rows = Webhook.objects.select_for_update(no_key=True, of=("self",)).select_related("owner")
    locked = rows.get(pk=webhook.pk)
    check_version(locked, expected, OWNED)
    return locked


def _with_new_secret(webhook: Webhook, seed: str) -> str:
    webhook.seed = seed or signing.new_seed()
    secret = signing.secret_of(webhook.seed)
    webhook.fingerprint = signing.fingerprint_of(secret)
    return secret
