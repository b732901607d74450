"""The logging configuration, and the id of the current request."""

import logging
from contextvars import ContextVar
from typing import Any

# Set by RequestIdMiddleware during a request, together with HEADER in its environ.
request_id: ContextVar[str] = ContextVar("request_id", default="")
HEADER = "HTTP_X_REQUEST_ID"


class RequestIdFilter(logging.Filter):
    """Adds the attribute request_id to log records, "-" outside a request."""

    def filter(self, record: logging.LogRecord) -> bool:
        # Django logs the status of a response after the middleware has reset request_id.
        request = getattr(record, "request", None)
        headers = getattr(request, "META", {})
        record.request_id = request_id.get() or headers.get(HEADER) or "-"
        return True


def to_stderr(level: str) -> dict[str, Any]:
    """Return the setting LOGGING: records of this level and above as lines on stderr."""
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
            # Without its own handlers, which would write each line a second time.
            "django": {"handlers": [], "level": level, "propagate": True},
            # It logs every job; the delivery log has the useful information.
            "procrastinate": {"level": "WARNING"},
        },
    }
