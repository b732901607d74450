"""Run database, web server and webhook worker on this machine, with demo data.

Ctrl-C stops all of them.
"""

from contextlib import ExitStack

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from tracetrack import env
from tracetrack.db import pool
from tracetrack.db.embedded import cluster
from tracetrack.server import supervisor

# A table of the schema before the migrations were started anew.
OLD_USER_TABLE = "tracetrack_user"


class Command(BaseCommand):
    help = "Run database, web server and webhook worker on this machine, with demo data."

    def handle(self, *args: object, **options: object) -> None:
        host = env.text("HOST", default="127.0.0.1")
        port = env.integer("PORT", default=8000, at_least=1, at_most=65_535)
        try:
            with supervisor.interruptible():
                self._serve(host, port)
        except supervisor.Interrupted:
            self.stdout.write("\nStopped.")
        except (supervisor.ServingError, cluster.ClusterError) as error:
            raise CommandError(str(error)) from error

    def _serve(self, host: str, port: int) -> None:
        supervisor.check_port(host, port)
        with ExitStack() as stack:
            if settings.LOCAL:
                self.stdout.write("Starting the database ...")
                stack.enter_context(cluster.using(settings.DATA / "pg"))
            # Before the database stops: the pool may still be opening a connection.
            stack.callback(close_connections)
            check_schema()
            self._prepare()
            worker = stack.enter_context(supervisor.WebhookWorker(settings.BASE_DIR))
            server = stack.enter_context(supervisor.gunicorn(settings.BASE_DIR))
            supervisor.wait_until_ready(server, host, port)
            url_host = f"[{host}]" if ":" in host else host
            self.stdout.write(f"\nTraceTrack is at http://{url_host}:{port}/   (Ctrl-C stops it)\n")
            self.stdout.flush()
            supervisor.watch(server, worker)
            raise supervisor.ServingError("The web server ended by itself.")

    def _prepare(self) -> None:
        """Migrate, collect static files and create the demo data; quick if there is none to do."""
        call_command("migrate", verbosity=0)
        supervisor.collect_static(settings.STATIC_ROOT)
        if settings.LOCAL:
            call_command("seed_demo", stdout=self.stdout)
        # This process needs no connections any more.
        close_connections()


def close_connections() -> None:
    """Close the connection of this thread and the pool of this process."""
    connection.close()
    pool.close()


def check_schema() -> None:
    """Raise ServingError if the tables are those of a version that cannot be migrated."""
    if OLD_USER_TABLE not in connection.introspection.table_names():
        return
    if settings.LOCAL:
        raise supervisor.ServingError(
            f"The database in {settings.DATA / 'pg'} was made by an older version of TraceTrack "
            "that cannot be upgraded; delete or rename that folder and run `make run` again."
        )
    raise supervisor.ServingError(
        "The database of DATABASE_URL was made by an older version of TraceTrack that cannot be "
        "upgraded; create a new database and set DATABASE_URL to it."
    )
