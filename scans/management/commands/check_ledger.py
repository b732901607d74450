"""Replay the ledger and compare every bag with the result."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from scans.history.verification import find_differences
from tracetrack.db.timeouts import no_statement_timeout


class Command(BaseCommand):
    help = (
        "Replay the whole ledger and compare every bag with the result. Exits with 1 if a bag "
        "differs or a row has an unknown step."
    )

    def handle(self, *args: Any, **options: Any) -> str:
        count = 0
        with no_statement_timeout():
            for difference in find_differences():
                self.stderr.write(difference)
                count += 1
        if count:
            raise CommandError(f"{count} differences between the ledger and the bags.")
        return "Every bag matches the ledger."
