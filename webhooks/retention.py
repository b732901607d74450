"""Changes to thousands of rows: what is old is forgotten."""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from webhooks.models import Delivery, Event

KEPT_FOR = timedelta(days=30)
CHUNK = 5_000


def forget() -> int:
    """Forget events of long ago, with their deliveries; how many events went."""
    forgotten = 0
    while found := _forget_some():
        forgotten += found
    return forgotten


@transaction.atomic
def _forget_some() -> int:
    old = Event.objects.before(timezone.now() - KEPT_FOR)
    ids = list(old.values_list("pk", flat=True)[:CHUNK])
    Delivery.objects.filter(event__in=ids).delete()
    Event.objects.filter(pk__in=ids).delete()
    return len(ids)
