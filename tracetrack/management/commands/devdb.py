"""Start, stop or open the embedded database, or show its state."""

import subprocess

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from tracetrack.db.embedded import cluster


class Command(BaseCommand):
    help = "Start, stop or open the embedded database, or show its state."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("action", choices=["start", "stop", "status", "shell"])

    def handle(self, *, action: str, **options: object) -> None:
        folder = settings.DATA / "pg"
        try:
            if action == "start":
                started = cluster.start(folder)
                self.stdout.write(f"{'started' if started else 'runs'}: {cluster.url(folder)}")
            elif action == "stop":
                self.stdout.write("stopped" if cluster.stop(folder) else "was not running")
            elif action == "status":
                runs = cluster.is_running(folder)
                self.stdout.write(f"runs: {cluster.url(folder)}" if runs else "does not run")
            else:
                with cluster.using(folder):
                    subprocess.run([str(cluster.program("psql")), cluster.url(folder)], check=False)
        except cluster.ClusterError as error:
            raise CommandError(str(error)) from error
