"""How gunicorn serves TraceTrack; every number comes from tracetrack/settings.py."""

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
# Whoever starts and ends with the process is started and ended by the hooks below.
asgi_lifespan = "off"
# Loaded by each worker for itself: a SIGHUP then brings in new code, and no worker inherits a
# connection of another. The price is some memory per worker.
preload_app = False
# Watches the worker, not the request: statement_timeout bounds that.
timeout = 60
graceful_timeout = 30
keepalive = 5
# A worker that has to wait for a disk looks dead to its parent.
worker_tmp_dir = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
# A second door that several copies on one machine would fight for.
control_socket_disable = True
forwarded_allow_ips = ",".join(settings.FORWARDED_ALLOW_IPS)
accesslog = "-" if env.boolean("ACCESS_LOG", default=False) else None
loglevel = "info" if settings.LOG_LEVEL in {"DEBUG", "INFO"} else "warning"


def when_ready(server: Any) -> None:
    """Have the system drop whoever takes nothing any more; new connections inherit this."""
    patience = int(settings.DB_IDLE_SECONDS * 1000)
    if patience and hasattr(socket, "TCP_USER_TIMEOUT"):
        for listener in server.LISTENERS:
            listener.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, patience)


def post_worker_init(worker: Any) -> None:
    """Make ready what is asked for first, beside the worker's first requests."""
    import_string("tracetrack.db.pool.open_share")()
    import_string("dashboard.live.broadcaster.leave_when")(lambda: not worker.alive)
    Thread(
        target=import_string("dashboard.stats.warm_up.warm"), name="warming", daemon=True
    ).start()


def worker_exit(server: Any, worker: Any) -> None:
    """Wait for nobody who waits for the database."""
    import_string("tracetrack.db.pool.close")()


def on_starting(server: Any) -> None:
    """Refuse to start with settings that contradict one another.

    In a process of its own, because what this one imports would outlive a SIGHUP.
    """
    command = [sys.executable, str(Path(__file__).with_name("manage.py")), "check"]
    if subprocess.run([*command, "--tag", "tracetrack", "--database", "default"]).returncode != 0:
        sys.exit(1)
