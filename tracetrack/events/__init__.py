"""Events of changes, and the notification of open dashboards."""

from tracetrack.events.bus import Event, emit

__all__ = ["Event", "emit"]
