"""Create users and a month of demo data once, and print the logins every time."""

from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from accounts.authentication import find_token
from accounts.models import User
from accounts.roles import Role
from accounts.tokens import issue_token
from audit.models import AuditEntry
from bags.actions import close_batch, create_batch, hold_batch
from bags.models import Area, Bag, BagType, Batch
from dashboard.business_days import business_day
from dashboard.stats.counters import count_on_day
from demo import demo_month
from scans.recording import bulk

USERS = {
    "admin": Role.ADMINISTRATOR,
    "office": Role.OFFICE,
    **dict.fromkeys(demo_month.OPERATORS, Role.OPERATOR),
    "viewer": Role.VIEWER,
    "erp": Role.INTEGRATOR,
}
# The sheet name in the audit entry that marks the demo data as complete.
DEMO_SHEET = "demo"


class Command(BaseCommand):
    help = "Create demo users, batches, bags and a month of scans, once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--yes", action="store_true", help="also in a database given by DATABASE_URL"
        )

    def handle(self, *, yes: bool, **options: object) -> None:
        if not settings.LOCAL and not yes:
            raise CommandError(
                "The demo users have well-known passwords. "
                "Give --yes to create them in the database of DATABASE_URL."
            )
        call_command("load_reference_data", stdout=self.stderr, verbosity=0)
        users = {username: _get_or_create_user(username, role) for username, role in USERS.items()}
        if _is_data_missing():
            self.stdout.write("Creating a month of demo data ...")
            _create_data(users)
        self._print_logins()
        token = _get_or_create_token(users["erp"], settings.DATA)
        self.stdout.write(f"  API token of erp: {token}")

    def _print_logins(self) -> None:
        self.stdout.write("Log in as (unless the passwords have been changed):")
        for username, role in USERS.items():
            self.stdout.write(f"  {username:<8} {_password(username):<16} {role}")


def _get_or_create_user(username: str, role: Role) -> User:
    user, is_created = User.objects.get_or_create(username=username, defaults={"role": role})
    if is_created:
        user.set_password(_password(username))
        user.save(update_fields=["password"])
        if role == Role.VIEWER:
            user.areas.set(Area.objects.all())
        elif role == Role.OPERATOR:
            user.areas.set(Area.objects.filter(code__in=demo_month.OPERATORS[username]))
    return user


def _password(username: str) -> str:
    return f"{username}-demo-1"


def _is_data_missing() -> bool:
    """Return whether the database has no bags, or an earlier run was interrupted."""
    if AuditEntry.objects.filter(action="sheet.imported", subject=DEMO_SHEET).exists():
        return False
    is_started = Batch.objects.filter(code=demo_month.BATCHES[0].code).exists()
    return is_started or not Bag.objects.exists()


def _create_data(users: dict[str, User]) -> None:
    """Create batches, bags and scans. Rows of an interrupted run are found and kept."""
    office, now, rows = users["office"], timezone.now(), 0
    with count_on_day(business_day(now) - timedelta(days=1)):
        _create_batches(office)
    for day in demo_month.generate_month(now):
        with count_on_day(business_day(day.begins)):
            bags = bulk.register_bags(day.bags, actor=office, areas=None, now=day.begins)
            scans = ((request, users[username]) for request, username in day.scans)
            verdicts = [*bags, *bulk.record_scans(scans, areas=None, now=day.ends)]
        rows += len(verdicts)
    for batch in demo_month.BATCHES:
        if batch.held:
            hold_batch(actor=office, code=batch.code, reason=batch.held)
        if batch.closed:
            close_batch(actor=office, code=batch.code)
    bulk.emit_sheet_imported(actor=office, sheet=DEMO_SHEET, rows=rows, applied=rows)


def _create_batches(office: User) -> None:
    types = {bag_type.name: bag_type for bag_type in BagType.objects.all()}
    today = business_day(timezone.now())
    for batch in demo_month.BATCHES:
        if not Batch.objects.filter(code=batch.code).exists():
            produced_on = today - timedelta(days=batch.first + 1)
            create_batch(
                actor=office,
                code=batch.code,
                product=batch.bag_type.title(),
                variety=batch.variety,
                bag_type=types[batch.bag_type],
                produced_on=produced_on,
                expires_on=produced_on + timedelta(days=365),
                planned_bags=600,
            )


def _get_or_create_token(user: User, folder: Path) -> str:
    """Return the token stored in `folder`/demo-token.

    If the file is missing or its token is not valid, issue a new token and store it, readable only
    for the owner of the file.
    """
    file = folder / "demo-token"
    stored = file.read_text(encoding="ascii").strip() if file.exists() else ""
    found = find_token(stored, now=timezone.now())
    if found is not None and found.user_id == user.pk:
        return stored
    folder.mkdir(parents=True, exist_ok=True)
    token = issue_token(user, "demo")
    file.unlink(missing_ok=True)
    file.touch(mode=0o600)
    file.write_text(f"{token}\n", encoding="ascii")
    return token
