"""bench/wsgi.py behind the product's ASGI server."""

from bench.wsgi import application as wsgi
from tracetrack.asgi import entry

application = entry(wsgi)
