"""Django over WSGI: every HTTP request comes in here."""

import os

from django.core.wsgi import get_wsgi_application
from django.utils.module_loading import import_string

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tracetrack.settings")

django = get_wsgi_application()
# What needs Django ready can be loaded only now.
application = import_string("tracetrack.server.fastpath.Door")(django)
