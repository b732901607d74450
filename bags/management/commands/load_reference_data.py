"""Bring the areas and the bag types that the work starts with."""

from django.core.management.base import BaseCommand, CommandParser

from accounts.models import User
from accounts.roles import Role
from bags.models import Area, BagType

AREAS = (
    "lucknow", "indore", "jaipur", "hisar", "sri-ganganagar",
    "sangaria", "bathinda", "raipur", "ranchi", "akola",
)  # fmt: skip
BAG_TYPES = {
    "mustard": {"parent_pattern": r"^SB\d{5,8}$", "child_pattern": r"^CB\d{9}$", "capacity": 30},
    "moong": {"parent_pattern": r"^M444-\d{5}$", "child_pattern": r"^MG\d{9}$", "capacity": 15},
}


class Command(BaseCommand):
    help = "Create the ten areas and the two bag types. Existing ones are not changed."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--operators", default="", metavar="NAMES", help="also these operators, in all areas"
        )

    def handle(self, *, operators: str, **options: object) -> None:
        areas = [
            Area.objects.get_or_create(
                code=code, defaults={"name": code.replace("-", " ").title()}
            )[0]
            for code in AREAS
        ]
        for name, fields in BAG_TYPES.items():
            BagType.objects.get_or_create(name=name, defaults=fields)
        names = list(filter(None, map(str.strip, operators.split(","))))
        for username in names:
            user, created = User.objects.get_or_create(
                username=username, defaults={"role": Role.OPERATOR}
            )
            if created:
                user.set_unusable_password()
                user.save(update_fields=["password"])
            user.areas.add(*areas)
        known = f"{len(AREAS)} areas, {len(BAG_TYPES)} bag types, {len(names)} operators"
        self.stdout.write(f"There are {known}.")
