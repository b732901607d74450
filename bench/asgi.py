"""bench/wsgi.py as the product's own server runs it."""

from bench.wsgi import application as wsgi
from tracetrack.asgi import entry

application = entry(wsgi)
