"""Writing of audit entries."""

from typing import TYPE_CHECKING, Any

from audit.models import AuditEntry
from tracetrack.logs import request_id

if TYPE_CHECKING:
    from accounts.models import User


def add_entry(
    *, actor: "User | None", action: str, subject: str, facts: dict[str, Any]
) -> AuditEntry:
    """Write an audit entry in the transaction of the caller.

    The entry stores the name of the actor, so it stays readable if the account is renamed. `actor`
    is None for changes by the system.
    """
    return AuditEntry.objects.create(
        actor=actor,
        actor_name=actor.username if actor else "system",
        action=action,
        subject=subject,
        facts=facts,
        request_id=request_id.get(),
    )
