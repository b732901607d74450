"""Events of changes: each is audited, invalidates cache namespaces and updates open dashboards."""

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from audit import log
from tracetrack import cache
from tracetrack.events import notify

if TYPE_CHECKING:
    from accounts.models import User


@dataclass(frozen=True, slots=True)
class Event:
    """Base of all events. A subclass adds the facts as fields."""

    name: ClassVar[str] = ""
    # Patterns for cache.invalidate().
    invalidates: ClassVar[tuple[str, ...]] = ()
    audited: ClassVar[bool] = False
    # The NOTIFY topic: "numbers" if figures on dashboards change, "users" if sessions or the
    # permissions of users change.
    topic: ClassVar[str] = "numbers"

    @property
    def subject(self) -> str:
        """The object that was changed, as the audit log names it, such as "batch LOT-1"."""
        return ""

    def facts(self) -> dict[str, Any]:
        """Return the fields of the event as JSON values."""
        return asdict(self)


def emit(event: Event, *, actor: "User | None" = None) -> None:
    """Write the audit entry now; invalidate the cache and notify dashboards after COMMIT.

    `actor` is None for changes by the system.
    """
    if event.audited:
        log.add_entry(actor=actor, action=event.name, subject=event.subject, facts=event.facts())
    if event.invalidates:
        cache.invalidate(*event.invalidates)
    if event.invalidates or event.topic == "users":
        # After the invalidation, so that a dashboard that reloads gets the new figures.
        notify.publish(event.topic)
