"""Errors that clients see: problem details (RFC 9457), HTTP errors and their handlers."""
