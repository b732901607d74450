"""Which request a line of the log, or a row of the audit, belongs to."""

import logging
from contextvars import ContextVar

# Set by the middleware for the time of a request.
request_id: ContextVar[str] = ContextVar("request_id", default="")


class RequestIdFilter(logging.Filter):
    """Gives every line the id of its request, or a dash."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = request_id.get() or "-"
        return True
