"""Delete events and deliveries after the retention period."""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from webhooks.models import Delivery, Event

RETENTION = timedelta(days=30)
CHUNK_SIZE = 5_000


def purge() -> int:
    """Delete events older than `RETENTION` with their deliveries; return the number of events."""
    purged = 0
    while deleted := _purge_chunk():
        purged += deleted
    return purged


@transaction.atomic
def _purge_chunk() -> int:
    expired = Event.objects.before(timezone.now() - RETENTION)
    ids = list(expired.values_list("pk", flat=True)[:CHUNK_SIZE])
    Delivery.objects.filter(event__in=ids).delete()
    Event.objects.filter(pk__in=ids).delete()
    return len(ids)
