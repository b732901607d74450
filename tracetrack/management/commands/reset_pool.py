"""Replace the database connections of all processes, for emergencies."""

from django.core.management.base import BaseCommand

from tracetrack.ops.pool_reset import reset_pool


class Command(BaseCommand):
    help = "Replace the database connections of all processes."

    def handle(self, **options: object) -> str:
        return f"{reset_pool(actor=None)} connections ended; new ones are opened on demand."
