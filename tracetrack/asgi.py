"""One port for all: WebSockets on the event loop, HTTP through wsgi.py in threads.

Why: docs/decisions/0040-one-port.md.
"""

from channels.routing import ProtocolTypeRouter
from django.conf import settings

from tracetrack.bridge import Bridge
from tracetrack.wsgi import application as wsgi

application = ProtocolTypeRouter(
    {
        "http": Bridge(wsgi, threads=settings.THREADS, patience=settings.DB_IDLE_SECONDS),
    }
)
