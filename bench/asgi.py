"""bench/wsgi.py behind the product's ASGI application."""

from bench.wsgi import application as wsgi_application
from tracetrack.asgi import create_application

application = create_application(wsgi_application)
