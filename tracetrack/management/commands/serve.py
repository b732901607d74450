"""Run everything on this machine: database, demo data, web server, webhook worker.

Ctrl-C ends all of it.
"""

from contextlib import ExitStack

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.db.backends.postgresql.base import DatabaseWrapper

from tracetrack import env
from tracetrack.db.embedded import cluster
from tracetrack.server import supervisor


class Command(BaseCommand):
    help = "Run everything on this machine: database, demo data, web server, webhook worker."

    def handle(self, *args: object, **options: object) -> None:
        host = env.text("HOST", default="127.0.0.1")
        port = env.integer("PORT", default=8000, at_least=1, at_most=65_535)
        try:
            with supervisor.interruptible():
                self._serve(host, port)
        except supervisor.Interrupted:
            self.stdout.write("\nStopped.")
        except (supervisor.ServingError, cluster.DevDbError) as error:
            raise CommandError(str(error)) from error

    def _serve(self, host: str, port: int) -> None:
        supervisor.check_port(host, port)
        with ExitStack() as stack:
            if settings.LOCAL:
                self.stdout.write("Starting the database ...")
                stack.enter_context(cluster.using(settings.DATA / "pg"))
            self._prepare()
            worker = stack.enter_context(supervisor.WebhookWorker(settings.BASE_DIR))
            server = stack.enter_context(supervisor.gunicorn(settings.BASE_DIR))
            supervisor.await_answer(server, host, port)
            shown = f"[{host}]" if ":" in host else host
            self.stdout.write(f"\nTraceTrack is at http://{shown}:{port}/   (Ctrl-C stops it)\n")
            self.stdout.flush()
            supervisor.watch(server, worker)
            raise supervisor.ServingError("The web server ended by itself.")

    def _prepare(self) -> None:
        """Bring tables, static files and demo data up to date; quick when they are."""
        call_command("migrate", verbosity=0)
        supervisor.collect_static(settings.STATIC_ROOT)
        if settings.LOCAL:
            call_command("seed_demo", stdout=self.stdout)
        # The web server has a pool of its own; ours would only hold connections.
        connection.close()
        if isinstance(connection, DatabaseWrapper):
            connection.close_pool()
