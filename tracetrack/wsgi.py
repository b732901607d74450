"""The WSGI application, which handles every HTTP request."""

import os
from typing import Any

from django.conf import settings
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tracetrack.settings")


def create_application() -> Any:
    """Return Django's handler, with the fast path in front of it if FAST_PATH is set."""
    django = get_wsgi_application()
    if not settings.FAST_PATH:
        return django
    # It imports models, so Django has to be set up first.
    from tracetrack.server.fastpath import FastPath

    return FastPath(django)


application = create_application()
