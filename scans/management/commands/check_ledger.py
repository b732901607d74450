"""Replay the ledger and compare every bag with what it says."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from scans.history.verification import find_differences
from tracetrack.db.timeouts import no_statement_timeout


class Command(BaseCommand):
    help = "Replay the whole ledger and compare every bag with it. Exits with 1 where one differs."

    def handle(self, *args: Any, **options: Any) -> str:
        wrong = 0
        with no_statement_timeout():
            for difference in find_differences():
                self.stderr.write(difference)
                wrong += 1
        if wrong:
            raise CommandError(f"{wrong} bags are not what the ledger says.")
        return "Every bag is what the ledger says."
