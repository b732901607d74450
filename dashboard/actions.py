"""Actions of the dashboard: clearing the cache."""

from django.db import transaction

from accounts.models import User
from dashboard.events import CacheCleared
from tracetrack import cache
from tracetrack.errors.problem import BadRequest
from tracetrack.events import emit


@transaction.atomic
def clear_cache(*, actor: User, pattern: str) -> int:
    """Invalidate the namespaces that the pattern matches; return how many entries matched it.

    `pattern` is a namespace, a colon and a glob, such as `dashboard:*`. Raise BadRequest if it
    matches no namespace.
    """
    try:
        cleared = cache.purge(pattern)
    except ValueError as error:
        raise BadRequest(reason=str(error).rstrip(".")) from None
    emit(CacheCleared(pattern, cleared), actor=actor)
    return cleared
