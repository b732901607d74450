"""How the log is written, and which request a line of it, or a row of the audit, belongs to."""

import logging
from contextvars import ContextVar
from typing import Any

# Set by the middleware for the time of a request, together with the request's header.
request_id: ContextVar[str] = ContextVar("request_id", default="")
HEADER = "HTTP_X_REQUEST_ID"


class RequestIdFilter(logging.Filter):
    """Gives every line the id of its request, or a dash."""

    def filter(self, record: logging.LogRecord) -> bool:
        # Django writes down how it answered when the middleware is done already.
        request = getattr(record, "request", None)
        headers = getattr(request, "META", {})
        record.request_id = request_id.get() or headers.get(HEADER) or "-"
        return True


def to_stderr(level: str) -> dict[str, Any]:
    """The setting LOGGING: one line for each record, from this level on, on standard error."""
    line = "{asctime} {levelname} {name} pid={process} request={request_id} {message}"
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"format": line, "style": "{"}},
        "filters": {"request": {"()": RequestIdFilter}},
        "handlers": {
            "stderr": {
                "class": "logging.StreamHandler",
                "formatter": "line",
                "filters": ["request"],
            }
        },
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            # Django's own handlers would print every line twice.
            "django": {"handlers": [], "level": level, "propagate": True},
            # Tells of every job, which the delivery log does better.
            "procrastinate": {"level": "WARNING"},
        },
    }
