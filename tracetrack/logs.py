"""Which request a line of the log, or a row of the audit, belongs to."""

import logging
from contextvars import ContextVar

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
