"""The ASGI application: WebSockets on the event loop, HTTP through tracetrack.wsgi in threads.

See docs/decisions/0040-single-port-server.md.
"""

from typing import Any

from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import AllowedHostsOriginValidator
from django.conf import settings
from django.urls import path

# First, because it sets Django up.
from tracetrack.wsgi import application as wsgi_application  # isort: skip
from dashboard.live.consumers import LiveConsumer
from tracetrack.server.asgi_wsgi_bridge import Bridge
from tracetrack.server.token_prefetch import TokenPrefetcher


def create_application(wsgi: Any) -> Any:
    """Return the ASGI application that passes HTTP requests to the WSGI application `wsgi`."""
    http = Bridge(
        wsgi,
        threads=settings.THREADS,
        send_timeout=settings.DB_IDLE_SECONDS,
        prepare=_prefetch_tokens if settings.FAST_PATH else None,
    )
    websocket = AllowedHostsOriginValidator(URLRouter([path("live", LiveConsumer.as_asgi())]))
    return ProtocolTypeRouter({"http": http, "websocket": websocket})


async def _prefetch_tokens(environ: dict[str, Any]) -> None:
    # Other requests need a connection of the pool anyway.
    if wsgi_application.accepts(environ):
        await _prefetcher.prefetch(environ)


_prefetcher = TokenPrefetcher()
application = create_application(wsgi_application)
