"""Consequences, told once: audit at once; after COMMIT stale answers go, and who listens hears."""

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from audit import log
from tracetrack import cache
from tracetrack.events import notify

if TYPE_CHECKING:
    from accounts.models import User


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened: its name, what it makes stale, whether it is audited."""

    name: ClassVar[str] = ""
    stale: ClassVar[tuple[str, ...]] = ()
    audited: ClassVar[bool] = False
    # What open dashboards hear: "numbers" moved, or "people" may see something else.
    topic: ClassVar[str] = "numbers"

    @property
    def subject(self) -> str:
        """What it happened to, as the audit names it."""
        return ""

    def facts(self) -> dict[str, Any]:
        """What is to be known of it, as JSON."""
        return asdict(self)


def emit(event: Event, *, actor: "User | None" = None) -> None:
    """Tell `event`: the audit row is written now, stale answers go when the transaction commits."""
    if event.audited:
        log.note(actor=actor, action=event.name, subject=event.subject, facts=event.facts())
    if event.stale:
        cache.drop(*event.stale)
    if event.stale or event.topic == "people":
        # After the drop: whoever hears of it must not find what was there before.
        notify.publish(event.topic)
