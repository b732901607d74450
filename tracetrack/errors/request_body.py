"""Errors raised by the server while an application reads a request body."""

# The server reads bodies up to this size completely before it occupies a thread.
MAX_BUFFERED_BODY_BYTES = 64 * 1024


class ClientGone(ConnectionError):
    """The client has closed the connection, or no longer reads the response."""


class BodyTimeout(OSError):
    """The request body pauses for too long or arrives too slowly."""


class TooManyBodies(OSError):
    """The limit for request bodies that are read at the same time is reached."""
