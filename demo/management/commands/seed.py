"""Fill an empty site with invented bags and scans, to try it or to measure on it."""

import sys
from argparse import ArgumentTypeError
from datetime import datetime, timedelta
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from tqdm import tqdm

from demo.seed import SeedError, Size, seed

# The scans that a bag leaves until it is received, and a few people who look again.
SCANS_PER_BAG = 2.5


class Command(BaseCommand):
    help = (
        "Fill an empty site with a believable past of 400 days. "
        "The same --seed and --until give the same site."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--bags", type=_count, required=True)
        parser.add_argument("--scans", type=_count, help="as many as 2.5 a bag where not given")
        parser.add_argument("--seed", type=int, default=1, metavar="N", help="other dice")
        parser.add_argument(
            "--until", type=_instant, metavar="ISO", help="when the past ends; now where not given"
        )

    def handle(self, **options: Any) -> str:
        bags = options["bags"]
        size = Size(
            bags=bags,
            scans=options["scans"] or int(bags * SCANS_PER_BAG),
            until=options["until"] or timezone.now(),
            seed=options["seed"],
        )
        call_command("load_reference_data", stdout=self.stdout)
        # disable=None: only where a person looks.
        with tqdm(total=size.bags + size.scans, unit=" rows", file=sys.stderr, disable=None) as bar:

            def progress(doing: str, rows: int = 0) -> None:
                bar.set_description(doing)
                bar.update(rows)

            try:
                seed(size, progress=progress)
            except SeedError as error:
                raise CommandError(str(error)) from error
        return f"{size.bags} bags and {size.scans} scans, ending at {size.until.isoformat()}."


def _count(text: str) -> int:
    try:
        number = int(text.replace("_", ""))
    except ValueError:
        number = 0
    if number < 1:
        raise ArgumentTypeError(f"{text} is not a number of 1 or more")
    return number


def _instant(text: str) -> datetime:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(f"{text} is no instant such as 2026-11-20T18:00+05:30") from None
    if instant.tzinfo is None:
        raise ArgumentTypeError(f"{text} does not say its offset, as in 2026-11-20T18:00+05:30")
    if instant > timezone.now() + timedelta(minutes=1):
        raise ArgumentTypeError(f"{text} is not past")
    return instant
