"""ASGI/WSGI bridge, gunicorn worker, supervisor of `make run`, and the fast path."""
