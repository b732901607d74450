"""Create an API token and print it."""

from datetime import timedelta

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from accounts.models import ApiToken, User
from accounts.tokens import issue_token

MAX_DAYS = 3650
MAX_NAME_CHARS = ApiToken._meta.get_field("name").max_length or 0


class Command(BaseCommand):
    help = "Create an API token and print it, once: only its digest is stored."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username", help="the user of the token")
        parser.add_argument("name", help="a name to recognize it by, such as “gate 2”")
        parser.add_argument("--days", type=int, help="days until it expires (default: never)")

    def handle(self, *, username: str, name: str, days: int | None, **options: object) -> None:
        user = User.objects.filter(username=username, is_active=True).first()
        if user is None:
            raise CommandError(f"There is no active account {username!r}.")
        if not 0 < len(name.strip()) <= MAX_NAME_CHARS:
            raise CommandError(f"A token's name has between 1 and {MAX_NAME_CHARS} characters.")
        if days is not None and not 0 < days <= MAX_DAYS:
            raise CommandError(f"--days is between 1 and {MAX_DAYS}.")
        expires = timezone.now() + timedelta(days=days) if days is not None else None
        self.stdout.write(issue_token(user, name.strip(), expires))
