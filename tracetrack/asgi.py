"""One port for all: WebSockets on the event loop, HTTP through wsgi.py in threads.

Why: docs/decisions/0040-single-port-server.md.
"""

from typing import Any

from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import AllowedHostsOriginValidator
from django.conf import settings
from django.urls import path

# First: it makes Django ready.
from tracetrack.wsgi import application as wsgi  # isort: skip
from dashboard.live.consumers import LiveConsumer
from tracetrack.server.asgi_wsgi_bridge import Bridge
from tracetrack.server.fastpath import opens_for
from tracetrack.server.token_prefetch import Ahead


def entry(app: Any) -> Any:
    """The way in for everybody: `app`, which speaks WSGI, and beside it the sockets."""
    tokens = Ahead()

    async def ahead(environ: dict[str, Any]) -> None:
        if opens_for(environ):
            await tokens.note(environ)

    patience = settings.DB_IDLE_SECONDS
    http = Bridge(app, threads=settings.THREADS, patience=patience, ahead=ahead)
    return ProtocolTypeRouter(
        {
            "http": http,
            "websocket": AllowedHostsOriginValidator(
                URLRouter([path("live", LiveConsumer.as_asgi())])
            ),
        }
    )


application = entry(wsgi)
