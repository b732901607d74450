"""Issue a token for the API, and print it: once, because only its hash is kept."""

from datetime import timedelta

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from accounts.models import ApiToken, User
from accounts.tokens import issue_token

MOST_DAYS = 3650
LONGEST_NAME = ApiToken._meta.get_field("name").max_length or 0


class Command(BaseCommand):
    help = "Issue a token for the API, and print it: once, because only its hash is kept."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username", help="for whom")
        parser.add_argument("name", help="what it is for, such as “gate 2”")
        parser.add_argument("--days", type=int, help="it expires after so many; without: never")

    def handle(self, *, username: str, name: str, days: int | None, **options: object) -> None:
        user = User.objects.filter(username=username, is_active=True).first()
        if user is None:
            raise CommandError(f"There is no active account {username!r}.")
        if not 0 < len(name.strip()) <= LONGEST_NAME:
            raise CommandError(f"A token's name has between 1 and {LONGEST_NAME} characters.")
        if days is not None and not 0 < days <= MOST_DAYS:
            raise CommandError(f"--days is between 1 and {MOST_DAYS}.")
        expires = timezone.now() + timedelta(days=days) if days is not None else None
        self.stdout.write(issue_token(user, name.strip(), expires))
