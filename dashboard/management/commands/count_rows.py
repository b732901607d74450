"""Count bags and scans in their tables and print the counts as JSON."""

import json

from django.core.management.base import BaseCommand

from dashboard.stats.queries import count_rows
from tracetrack.db.timeouts import no_statement_timeout


class Command(BaseCommand):
    help = "Count bags and scans in their tables, without the counters, and print JSON."

    def handle(self, *args: object, **options: object) -> None:
        with no_statement_timeout():
            counts = count_rows()
        self.stdout.write(json.dumps(counts, indent=1))
