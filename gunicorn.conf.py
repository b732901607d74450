"""gunicorn's configuration. The numbers come from tracetrack/settings.py."""

import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

from tracetrack import env, settings

# One port for pages, API and WebSockets: docs/decisions/0040-single-port-server.md.
wsgi_app = "tracetrack.asgi:application"
host = env.text("HOST", default="127.0.0.1")
port = env.integer("PORT", default=8000, at_least=1, at_most=65_535)
bind = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
worker_class = "tracetrack.server.worker.Worker"
workers = settings.WORKERS
# The application has no lifespan events: the hooks below start and stop its parts.
asgi_lifespan = "off"
# Each worker loads the code itself, so that SIGHUP loads new code and no worker inherits a
# connection. That costs some memory per worker.
preload_app = False
# Detects a worker that hangs; statement_timeout limits single requests.
timeout = 60
graceful_timeout = 30
keepalive = 5
# The heartbeat file. On a disk, a worker that waits for the disk would seem to hang.
worker_tmp_dir = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
# Two servers on one machine would both try to create the control socket.
control_socket_disable = True
forwarded_allow_ips = ",".join(settings.FORWARDED_ALLOW_IPS)
accesslog = "-" if env.boolean("ACCESS_LOG", default=False) else None
loglevel = "info" if settings.LOG_LEVEL in {"DEBUG", "INFO"} else "warning"


def when_ready(server: Any) -> None:
    """Close connections whose client acknowledges nothing for DB_IDLE_SECONDS.

    Sockets that are accepted inherit the option from the listener.
    """
    milliseconds = int(settings.DB_IDLE_SECONDS * 1000)
    if milliseconds and hasattr(socket, "TCP_USER_TIMEOUT"):
        for listener in server.LISTENERS:
            listener.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, milliseconds)


def post_worker_init(worker: Any) -> None:
    """Start the parts of the application that run next to requests."""
    # Imported here because it needs Django, which only the workers set up.
    from tracetrack.server import hooks

    hooks.start_worker(worker)


def worker_exit(server: Any, worker: Any) -> None:
    """Close the connection pool, so that the worker can exit."""
    from tracetrack.server import hooks

    hooks.stop_worker()


def on_starting(server: Any) -> None:
    """Exit if the system checks find contradictory settings.

    They run in a separate process: modules imported here would survive a SIGHUP.
    """
    command = [sys.executable, str(Path(__file__).with_name("manage.py")), "check"]
    if subprocess.run([*command, "--tag", "tracetrack", "--database", "default"]).returncode != 0:
        sys.exit(1)
