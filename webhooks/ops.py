"""The figures of webhooks in the health endpoint."""

from tracetrack.ops.figures import register_figures
from webhooks.queries import backlog

register_figures("webhooks", backlog)
