"""Compare the dashboard counters with a recount of the tables, and repair them on request."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from dashboard.stats import counters
from tracetrack.db.timeouts import no_statement_timeout


class Command(BaseCommand):
    help = "Compare the dashboard counters with a full recount. Exits with 1 if they differ."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--repair", action="store_true", help="correct the counters that differ"
        )

    def handle(self, *args: Any, **options: Any) -> str:
        with no_statement_timeout():
            drifts = counters.repair() if options["repair"] else counters.find_drifts()
        for drift in drifts:
            self.stderr.write(str(drift))
        if drifts and options["repair"]:
            return f"{len(drifts)} counters differed and were corrected."
        if drifts:
            raise CommandError(
                f"{len(drifts)} counters differ from a recount; --repair corrects them."
            )
        return "All counters match a recount."
