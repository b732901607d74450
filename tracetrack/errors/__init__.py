"""Problems (RFC 9457), HTTP errors and the exception handler."""
