"""Configuration of gunicorn; the numbers come from tracetrack/settings.py."""

import os
import socket
import subprocess
import sys
from pathlib import Path
from threading import Thread
from typing import Any

from django.utils.module_loading import import_string

from tracetrack import env, settings

# One port for pages, API and WebSockets: docs/decisions/0040-single-port-server.md.
wsgi_app = "tracetrack.asgi:application"
host = env.text("HOST", default="127.0.0.1")
port = env.integer("PORT", default=8000, at_least=1, at_most=65_535)
bind = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
worker_class = "tracetrack.server.worker.Worker"
workers = settings.WORKERS
# The hooks below start and stop the parts of a worker.
asgi_lifespan = "off"
# Each worker loads the application, so that SIGHUP loads new code and no worker inherits a
# connection of another. This costs some memory per worker.
preload_app = False
# For the worker, not for a request: statement_timeout limits requests.
timeout = 60
graceful_timeout = 30
keepalive = 5
# A worker that waits for a disk looks dead to its parent.
worker_tmp_dir = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
# Several copies on one machine would compete for this socket.
control_socket_disable = True
forwarded_allow_ips = ",".join(settings.FORWARDED_ALLOW_IPS)
accesslog = "-" if env.boolean("ACCESS_LOG", default=False) else None
loglevel = "info" if settings.LOG_LEVEL in {"DEBUG", "INFO"} else "warning"


def when_ready(server: Any) -> None:
    """Let the system drop clients that read nothing. Accepted connections inherit the option."""
    timeout_ms = int(settings.DB_IDLE_SECONDS * 1000)
    if timeout_ms and hasattr(socket, "TCP_USER_TIMEOUT"):
        for listener in server.LISTENERS:
            listener.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, timeout_ms)


def post_worker_init(worker: Any) -> None:
    """Open connections and warm caches while the worker serves its first requests."""
    import_string("tracetrack.db.pool.open_min_connections")()
    import_string("dashboard.live.broadcaster.set_stop_check")(lambda: not worker.alive)
    Thread(
        target=import_string("dashboard.stats.warm_up.warm_up_dashboard"),
        name="warm-up",
        daemon=True,
    ).start()


def worker_exit(server: Any, worker: Any) -> None:
    """Close the pool, so that no thread waits for the database."""
    import_string("tracetrack.db.pool.close")()


def on_starting(server: Any) -> None:
    """Refuse to start with settings that contradict each other.

    The check runs in a separate process, because modules imported here would survive a SIGHUP.
    """
    command = [sys.executable, str(Path(__file__).with_name("manage.py")), "check"]
    if subprocess.run([*command, "--tag", "tracetrack", "--database", "default"]).returncode != 0:
        sys.exit(1)
