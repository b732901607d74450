"""Count the tables themselves."""

import json

from django.core.management.base import BaseCommand

from dashboard.stats.queries import census
from tracetrack.db.timeouts import no_statement_timeout


class Command(BaseCommand):
    help = "Count bags and scans in the tables themselves, not the counters, and print JSON."

    def handle(self, *args: object, **options: object) -> None:
        with no_statement_timeout():
            counted = census()
        self.stdout.write(json.dumps(counted, indent=1))
