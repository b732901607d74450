"""deliver(): what is due in a lane goes out, one by one; each outcome is kept before the next."""

import random
from collections.abc import Callable, Mapping
from datetime import timedelta
from time import monotonic

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from webhooks import actions, permissions, queries, signing
from webhooks.http_client import Answer, post
from webhooks.models import Delivery, Webhook

# So long a lane goes on; then others have their turn.
TURN_SECONDS = 20.0
FIRST_PAUSE = timedelta(seconds=5)
LONGEST_PAUSE = timedelta(hours=1)
# So many failures in a row may be a matter of single events; more are one of the receiver.
SINGLE_FAILURES = 2
GONE = 410
AGENT = "TraceTrack-Webhooks/1"


def deliver(*, webhook: int, lane: int, stopping: Callable[[], bool]) -> None:
    """Send what is due in this lane until nothing is, the turn is over, or the worker stops."""
    end = monotonic() + TURN_SECONDS
    while delivery := queries.next_due(webhook, lane):
        deliver_one(delivery)
        if stopping() or monotonic() > end:
            queries.wake()
            return


def deliver_one(delivery: Delivery) -> None:
    """Try one delivery, once. It may be tried again where this process dies on the way."""
    webhook = delivery.webhook
    if why := permissions.unable(webhook):
        actions.pause_webhook(webhook, why=why)
    elif not _still_seen(delivery):
        _settle(delivery, Delivery.State.WITHHELD, None)
    else:
        body = delivery.event.body.encode()
        # No transaction is open meanwhile: the receiver may take its time.
        _keep(delivery, post(webhook.url, headers=_headers(delivery, body), body=body))


def pause_after(failures: int) -> timedelta:
    """How long to wait after so many failures: 5 s, doubled each time, at most an hour; uneven."""
    doubled: timedelta = FIRST_PAUSE * 2 ** min(max(failures, 1) - 1, 20)
    return min(doubled, LONGEST_PAUSE) * random.uniform(0.8, 1.2)


def _still_seen(delivery: Delivery) -> bool:
    event, owner = delivery.event, delivery.webhook.owner
    bags = [event.bag_id] if event.bag_id is not None else []
    return permissions.may_see(owner, event, permissions.visible_bags(owner, bags))


def _headers(delivery: Delivery, body: bytes) -> Mapping[str, str]:
    webhook, now = delivery.webhook, timezone.now()
    seeds = [webhook.seed]
    if webhook.old_until is not None and now < webhook.old_until:
        seeds.append(webhook.old_seed)
    return {
        "Content-Type": "application/json",
        "User-Agent": AGENT,
        "TraceTrack-Event": delivery.event.kind,
        "TraceTrack-Event-Id": str(delivery.event.uid),
        "TraceTrack-Delivery": str(delivery.pk),
        signing.HEADER: signing.signature(body, moment=int(now.timestamp()), seeds=seeds),
    }


def _keep(delivery: Delivery, answer: Answer) -> None:
    """What the answer means for the delivery, and for the webhook."""
    if not answer.good:
        _keep_failure(delivery, answer)
        return
    _settle(delivery, Delivery.State.DELIVERED, answer)
    if delivery.webhook.failures:
        Webhook.objects.filter(pk=delivery.webhook_id).update(**actions.WELL)


@transaction.atomic
def _keep_failure(delivery: Delivery, answer: Answer) -> None:
    now = timezone.now()
    webhook = Webhook.objects.select_for_update(no_key=True).get(pk=delivery.webhook_id)
    webhook.failures += 1
    webhook.failing_since = webhook.failing_since or now
    if webhook.failures > SINGLE_FAILURES:
        webhook.rests_until = now + pause_after(webhook.failures - SINGLE_FAILURES)
    webhook.save(update_fields=["failures", "failing_since", "rests_until"])
    patience = timedelta(days=settings.WEBHOOK_DAYS)
    given_up = now - delivery.created_at >= patience
    delivery.due_at = now + pause_after(delivery.attempts + 1)
    _settle(delivery, Delivery.State.FAILED if given_up else Delivery.State.WAITING, answer)
    if answer.status == GONE:
        actions.pause_webhook(webhook, why="The receiver says that it is gone (410).")
    elif now - webhook.failing_since >= patience:
        actions.pause_webhook(webhook, why=f"Nothing arrived for {_days(settings.WEBHOOK_DAYS)}.")


def _settle(delivery: Delivery, state: Delivery.State, answer: Answer | None) -> None:
    kept: dict[str, object] = {"state": state, "due_at": delivery.due_at}
    if answer is not None:
        kept |= {
            "attempts": F("attempts") + 1,
            "tried_at": timezone.now(),
            "took_ms": answer.took_ms,
            "status": answer.status,
            "answer": answer.text[:500],
            "error": answer.error,
        }
    # Unless it was ended meanwhile.
    Delivery.objects.filter(pk=delivery.pk, state=Delivery.State.WAITING).update(**kept)


def _days(count: int) -> str:
    return f"{count} days" if count > 1 else "a day"
