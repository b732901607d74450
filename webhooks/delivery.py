"""Send the due deliveries of a partition one by one, and save the outcome of each attempt."""

import random
from collections.abc import Callable, Mapping
from datetime import timedelta
from time import monotonic

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from webhooks import actions, permissions, queries, signing
from webhooks.http_client import HttpResult, post
from webhooks.models import Delivery, Webhook

# A job sends for this long and then enqueues the rest, so that other partitions get their turn.
MAX_RUN_SECONDS = 20.0
FIRST_RETRY_DELAY = timedelta(seconds=5)
MAX_RETRY_DELAY = timedelta(hours=1)
# Up to this many failures in a row delay only their own deliveries; more delay the whole webhook.
FAILURES_BEFORE_BACKOFF = 2
HTTP_GONE = 410
USER_AGENT = "TraceTrack-Webhooks/1"


def deliver_partition(*, webhook: int, partition: int, should_stop: Callable[[], bool]) -> None:
    """Send the due deliveries of this partition until none is left.

    If `should_stop()` is true or `MAX_RUN_SECONDS` have passed, enqueue the rest and return.
    """
    end = monotonic() + MAX_RUN_SECONDS
    while delivery := queries.next_due(webhook, partition):
        attempt_delivery(delivery)
        if should_stop() or monotonic() > end:
            queries.enqueue_due()
            return


def attempt_delivery(delivery: Delivery) -> None:
    """Send one delivery once and save the outcome.

    If this process dies after sending and before saving, the delivery is sent again.
    """
    webhook = delivery.webhook
    if reason := permissions.block_reason(webhook):
        actions.pause_webhook(webhook, why=reason)
    elif not _is_visible_to_owner(delivery):
        _update_waiting(delivery, Delivery.State.WITHHELD, None)
    else:
        body = delivery.event.body.encode()
        # No transaction is open during the request: a slow receiver must not hold locks.
        _save_result(delivery, post(webhook.url, headers=_headers(delivery, body), body=body))


def retry_delay(failures: int) -> timedelta:
    """Return the delay after this many failures: 5 s, doubled up to 1 h, ±20 % at random."""
    doubled: timedelta = FIRST_RETRY_DELAY * 2 ** min(max(failures, 1) - 1, 20)
    return min(doubled, MAX_RETRY_DELAY) * random.uniform(0.8, 1.2)


def _is_visible_to_owner(delivery: Delivery) -> bool:
    event, owner = delivery.event, delivery.webhook.owner
    bags = [event.bag_id] if event.bag_id is not None else []
    return permissions.can_see_event(owner, event, permissions.visible_bag_ids(owner, bags))


def _headers(delivery: Delivery, body: bytes) -> Mapping[str, str]:
    webhook, now = delivery.webhook, timezone.now()
    seeds = [webhook.secret_seed]
    if webhook.previous_secret_until is not None and now < webhook.previous_secret_until:
        seeds.append(webhook.previous_secret_seed)
    timestamp = int(now.timestamp())
    return {
        "Content-Type": "application/json",
        "User-Agent": USER_AGENT,
        "TraceTrack-Event": delivery.event.kind,
        "TraceTrack-Event-Id": str(delivery.event.uid),
        "TraceTrack-Delivery": str(delivery.pk),
        signing.SIGNATURE_HEADER: signing.signature_header(body, timestamp=timestamp, seeds=seeds),
    }


def _save_result(delivery: Delivery, result: HttpResult) -> None:
    if not result.is_success:
        _save_failure(delivery, result)
        return
    _update_waiting(delivery, Delivery.State.DELIVERED, result)
    if delivery.webhook.failures:
        Webhook.objects.filter(pk=delivery.webhook_id).update(**actions.HEALTHY)


@transaction.atomic
def _save_failure(delivery: Delivery, result: HttpResult) -> None:
    """Schedule the next attempt or give up; back off or pause a webhook that keeps failing."""
    now = timezone.now()
    webhook = Webhook.objects.select_for_update(no_key=True).get(pk=delivery.webhook_id)
    webhook.failures += 1
    failing_since = webhook.failing_since = webhook.failing_since or now
    if webhook.failures > FAILURES_BEFORE_BACKOFF:
        delay = retry_delay(webhook.failures - FAILURES_BEFORE_BACKOFF)
        webhook.backoff_until = now + delay
    webhook.save(update_fields=["failures", "failing_since", "backoff_until"])
    give_up_after = timedelta(days=settings.WEBHOOK_DAYS)
    is_given_up = now - delivery.created_at >= give_up_after
    delivery.due_at = now + retry_delay(delivery.attempts + 1)
    state = Delivery.State.FAILED if is_given_up else Delivery.State.WAITING
    _update_waiting(delivery, state, result)
    if result.status == HTTP_GONE:
        actions.pause_webhook(webhook, why="The receiver says that it is gone (410).")
    elif now - failing_since >= give_up_after:
        duration = _format_days(settings.WEBHOOK_DAYS)
        actions.pause_webhook(webhook, why=f"Nothing arrived for {duration}.")


def _update_waiting(delivery: Delivery, state: Delivery.State, result: HttpResult | None) -> None:
    """Save the state and the result of an attempt, unless the webhook was ended in the meantime."""
    values: dict[str, object] = {"state": state, "due_at": delivery.due_at}
    if result is not None:
        values |= {
            "attempts": F("attempts") + 1,
            "tried_at": timezone.now(),
            "took_ms": result.took_ms,
            "status": result.status,
            "answer": result.text[:500],
            "error": result.error,
        }
    Delivery.objects.filter(pk=delivery.pk, state=Delivery.State.WAITING).update(**values)


def _format_days(count: int) -> str:
    return f"{count} days" if count > 1 else "a day"
