"""Session authentication for API requests."""

from typing import Any

from rest_framework import authentication
from rest_framework.exceptions import PermissionDenied

from tracetrack.errors.http import CsrfFailed


class SessionAuthentication(authentication.SessionAuthentication):
    """Authenticate browsers by their session; unsafe methods need a CSRF token."""

    def enforce_csrf(self, request: Any) -> None:
        try:
            super().enforce_csrf(request)
        except PermissionDenied:
            raise CsrfFailed from None
