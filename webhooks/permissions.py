"""What the owner of a webhook may be told: asked when an event is matched, and when it is sent."""

from collections.abc import Iterable

from accounts.models import User
from bags.models import Bag
from webhooks import signing
from webhooks.models import Event, Webhook


def unable(webhook: Webhook) -> str:
    """Why nothing can be sent any more, whatever it is; empty where it can."""
    owner = webhook.owner
    if not owner.is_active:
        return f"The account {owner.username} is switched off."
    if not owner.has_perm("webhooks.view_webhook"):
        return f"The account {owner.username} may not have webhooks any more."
    if signing.fingerprint_of(signing.secret_of(webhook.seed)) != webhook.fingerprint:
        return "The SECRET_KEY of this site was changed: rotate the secret, then resume."
    return ""


def visible_bags(owner: User, bags: Iterable[int]) -> set[int]:
    """Which of these bags the owner may see."""
    asked = sorted(set(bags))
    if not asked:
        return set()
    rows = Bag.objects.visible_to(owner).filter(pk__in=asked)
    return set(rows.values_list("pk", flat=True))


def may_see(owner: User, event: Event, visible: set[int]) -> bool:
    """Whether this event is for the owner's eyes; `visible` are the bags that are."""
    if event.bag_id is not None:
        return owner.has_perm("bags.view_bag") and event.bag_id in visible
    return event.batch_id is None or owner.has_perm("bags.view_batch")
