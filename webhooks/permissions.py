"""Which events the owner of a webhook may receive; checked at matching and again at sending."""

from collections.abc import Iterable

from accounts.models import User
from bags.models import Bag
from webhooks import signing
from webhooks.models import Event, Webhook


def block_reason(webhook: Webhook) -> str:
    """Return why nothing can be sent to this webhook, or an empty string if sending is possible."""
    owner = webhook.owner
    if not owner.is_active:
        return f"The account {owner.username} is switched off."
    if not owner.has_perm("webhooks.view_webhook"):
        return f"The account {owner.username} may not have webhooks any more."
    secret = signing.derive_secret(webhook.secret_seed)
    if signing.fingerprint(secret) != webhook.fingerprint:
        return "The SECRET_KEY of this site was changed: rotate the secret, then resume."
    return ""


def visible_bag_ids(owner: User, bags: Iterable[int]) -> set[int]:
    """Return those of the given bag ids that the owner can see."""
    ids = sorted(set(bags))
    if not ids:
        return set()
    rows = Bag.objects.visible_to(owner).filter(pk__in=ids)
    return set(rows.values_list("pk", flat=True))


def can_see_event(owner: User, event: Event, visible_bags: set[int]) -> bool:
    """Return whether the owner may receive the event; `visible_bags` are the ids they can see."""
    if event.bag_id is not None:
        return owner.has_perm("bags.view_bag") and event.bag_id in visible_bags
    return event.batch_id is None or owner.has_perm("bags.view_batch")
