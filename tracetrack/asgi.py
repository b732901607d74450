"""One port for all: WebSockets on the event loop, HTTP through wsgi.py in threads.

Why: docs/decisions/0040-one-port.md.
"""

from typing import Any

from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import AllowedHostsOriginValidator
from django.conf import settings
from django.urls import path

# First: it makes Django ready.
from tracetrack.wsgi import application as wsgi  # isort: skip
from dashboard.live import Live
from tracetrack.bridge import Bridge


def entry(app: Any) -> Any:
    """The way in for everybody: `app`, which speaks WSGI, and beside it the sockets."""
    return ProtocolTypeRouter(
        {
            "http": Bridge(app, threads=settings.THREADS, patience=settings.DB_IDLE_SECONDS),
            "websocket": AllowedHostsOriginValidator(URLRouter([path("live", Live.as_asgi())])),
        }
    )


application = entry(wsgi)
