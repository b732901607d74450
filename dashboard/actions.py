"""What may be done to what people see."""

from django.db import transaction

from accounts.models import User
from dashboard.events import CacheCleared
from tracetrack import cache
from tracetrack.errors.problem import BadRequest
from tracetrack.events import emit


@transaction.atomic
def clear_cache(*, actor: User, pattern: str) -> int:
    """Drop the cached answers that fit the pattern; return how many went.

    Raises BadRequest where the pattern names nothing that is cached.
    """
    try:
        cleared = cache.purge(pattern)
    except ValueError as error:
        raise BadRequest(reason=str(error).rstrip(".")) from None
    emit(CacheCleared(pattern, cleared), actor=actor)
    return cleared
