"""bench/wsgi.py as the product's own server runs it."""

from django.conf import settings

from bench.wsgi import application as wsgi
from tracetrack.bridge import Bridge

application = Bridge(wsgi, threads=settings.THREADS, patience=settings.DB_IDLE_SECONDS)
