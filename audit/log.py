"""note(): one audit row in the caller's transaction."""

from typing import TYPE_CHECKING, Any

from audit.models import AuditEntry
from tracetrack.logs import request_id

if TYPE_CHECKING:
    from accounts.models import User


def note(*, actor: "User | None", action: str, subject: str, facts: dict[str, Any]) -> AuditEntry:
    """Keep who did what to which subject. The name stays even where the account is renamed."""
    return AuditEntry.objects.create(
        actor=actor,
        actor_name=actor.username if actor else "system",
        action=action,
        subject=subject,
        facts=facts,
        request_id=request_id.get(),
    )
