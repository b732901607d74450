"""Replace the connections to the database of every process that serves; for emergencies."""

from django.core.management.base import BaseCommand

from tracetrack.db import pool


class Command(BaseCommand):
    help = "Replace the connections to the database of every process that serves."

    def handle(self, **options: object) -> str:
        return f"{pool.reset(actor=None)} connections ended; new ones come as they are needed."
