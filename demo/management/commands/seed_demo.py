"""Bring demo data once, and say every time how to log in."""

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

PEOPLE = {
    "admin": Role.ADMINISTRATOR,
    "office": Role.OFFICE,
    **dict.fromkeys(demo_month.OPERATORS, Role.OPERATOR),
    "viewer": Role.VIEWER,
    "erp": Role.INTEGRATOR,
}
MARK = "demo"


class Command(BaseCommand):
    help = "Bring people, batches, bags and a month of scans to look at; once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--yes", action="store_true", help="also into a database of DATABASE_URL"
        )

    def handle(self, *, yes: bool, **options: object) -> None:
        if not settings.LOCAL and not yes:
            raise CommandError(
                "Demo logins have passwords that everybody knows. "
                "Give --yes to bring them into the database of DATABASE_URL."
            )
        call_command("load_reference_data", stdout=self.stderr, verbosity=0)
        people = {username: _person(username, role) for username, role in PEOPLE.items()}
        if _wanted():
            self.stdout.write("Making a month of demo data ...")
            _make(people)
        self._say_logins()
        self.stdout.write(f"  API token of erp: {_token(people['erp'], settings.DATA)}")

    def _say_logins(self) -> None:
        self.stdout.write("Log in as (while nobody has changed the passwords):")
        for username, role in PEOPLE.items():
            self.stdout.write(f"  {username:<8} {_password(username):<16} {role}")


def _person(username: str, role: Role) -> User:
    user, created = User.objects.get_or_create(username=username, defaults={"role": role})
    if created:
        user.set_password(_password(username))
        user.save(update_fields=["password"])
        if role == Role.VIEWER:
            user.areas.set(Area.objects.all())
        elif role == Role.OPERATOR:
            user.areas.set(Area.objects.filter(code__in=demo_month.OPERATORS[username]))
    return user


def _password(username: str) -> str:
    return f"{username}-demo-1"


def _wanted() -> bool:
    """Nothing is here yet, or what an earlier start began was never finished."""
    if AuditEntry.objects.filter(action="sheet.imported", subject=MARK).exists():
        return False
    ours = Batch.objects.filter(code=demo_month.LOTS[0].code).exists()
    return ours or not Bag.objects.exists()


def _make(people: dict[str, User]) -> None:
    office, now, rows = people["office"], timezone.now(), 0
    with count_on_day(business_day(now) - timedelta(days=1)):
        _make_batches(office)
    for shift in demo_month.month(now):
        with count_on_day(business_day(shift.begins)):
            bags = bulk.register_bags(shift.bags, actor=office, areas=None, now=shift.begins)
            scans = ((entry, people[username]) for entry, username in shift.scans)
            verdicts = [*bags, *bulk.record_scans(scans, areas=None, now=shift.ends)]
        rows += len(verdicts)
    for lot in demo_month.LOTS:
        if lot.held:
            hold_batch(actor=office, code=lot.code, reason=lot.held)
        if lot.closed:
            close_batch(actor=office, code=lot.code)
    bulk.emit_sheet_imported(actor=office, sheet=MARK, rows=rows, applied=rows)


def _make_batches(office: User) -> None:
    types = {bag_type.name: bag_type for bag_type in BagType.objects.all()}
    today = business_day(timezone.now())
    for lot in demo_month.LOTS:
        if not Batch.objects.filter(code=lot.code).exists():
            produced_on = today - timedelta(days=lot.first + 1)
            create_batch(
                actor=office,
                code=lot.code,
                product=lot.bag_type.title(),
                variety=lot.variety,
                bag_type=types[lot.bag_type],
                produced_on=produced_on,
                expires_on=produced_on + timedelta(days=365),
                planned_bags=600,
            )


def _token(user: User, folder: Path) -> str:
    """The token of the first start, in a file for its owner alone; a new one where it is lost."""
    file = folder / "demo-token"
    known = file.read_text(encoding="ascii").strip() if file.exists() else ""
    found = find_token(known, now=timezone.now())
    if found is not None and found.user_id == user.pk:
        return known
    folder.mkdir(parents=True, exist_ok=True)
    token = issue_token(user, "demo")
    file.unlink(missing_ok=True)
    file.touch(mode=0o600)
    file.write_text(f"{token}\n", encoding="ascii")
    return token
