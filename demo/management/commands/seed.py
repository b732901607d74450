"""Fill an empty site with generated bags and scans, for trials and benchmarks."""

import sys
from argparse import ArgumentTypeError
from datetime import datetime, timedelta
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from tqdm import tqdm

from demo.seed import SeedError, SeedOptions, seed

# Register, link and a share of the scans of the parent, plus some repeated scans.
DEFAULT_SCANS_PER_BAG = 2.5


class Command(BaseCommand):
    help = (
        "Fill an empty site with realistic data of 400 days. "
        "Equal --seed and --until give equal data."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--bags", type=_count, required=True)
        parser.add_argument("--scans", type=_count, help="default: 2.5 for each bag")
        parser.add_argument(
            "--seed", type=int, default=1, metavar="N", help="seed of the random numbers"
        )
        parser.add_argument(
            "--until", type=_instant, metavar="ISO", help="end of the 400 days; default: now"
        )

    def handle(self, **options: Any) -> str:
        bags = options["bags"]
        seed_options = SeedOptions(
            bags=bags,
            scans=options["scans"] or int(bags * DEFAULT_SCANS_PER_BAG),
            until=options["until"] or timezone.now(),
            seed=options["seed"],
        )
        call_command("load_reference_data", stdout=self.stdout)
        # disable=None: show the bar only on a terminal.
        with tqdm(
            total=bags + seed_options.scans, unit=" rows", file=sys.stderr, disable=None
        ) as bar:

            def progress(activity: str, rows: int = 0) -> None:
                bar.set_description(activity)
                bar.update(rows)

            try:
                seed(seed_options, progress=progress)
            except SeedError as error:
                raise CommandError(str(error)) from error
        until = seed_options.until.isoformat()
        return f"{bags} bags and {seed_options.scans} scans, ending at {until}."


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
        raise ArgumentTypeError(f"{text} is not a time such as 2026-11-20T18:00+05:30") from None
    if instant.tzinfo is None:
        raise ArgumentTypeError(f"{text} has no UTC offset, as in 2026-11-20T18:00+05:30")
    if instant > timezone.now() + timedelta(minutes=1):
        raise ArgumentTypeError(f"{text} is in the future")
    return instant
