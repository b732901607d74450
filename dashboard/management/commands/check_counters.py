"""Compare the dashboard's counters with a full recount."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from dashboard.stats import counters
from tracetrack.db.timeouts import no_statement_timeout


class Command(BaseCommand):
    help = "Compare the dashboard's counters with a full recount. Exits with 1 where they differ."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--repair", action="store_true", help="set them right while at it")

    def handle(self, *args: Any, **options: Any) -> str:
        with no_statement_timeout():
            wrong = counters.repair() if options["repair"] else counters.drifts()
        for drift in wrong:
            self.stderr.write(str(drift))
        if wrong and options["repair"]:
            return f"{len(wrong)} counters were wrong and are right now."
        if wrong:
            raise CommandError(f"{len(wrong)} counters have drifted; --repair sets them right.")
        return "All counters are right."
