"""What the three import commands share: options, progress, verdicts, rejects, the summary."""

import gc
import json
import sys
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Any, ClassVar

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from tqdm import tqdm

from accounts.models import User
from tracetrack.errors.problem import Problem
from tracetrack.imports.csv import Column, Rejects, Row, Sheet, Verdict

SYSTEM = "system"
TURN_SECONDS = 0.0002


class ImportCommand(BaseCommand):
    """Takes a sheet in. A subclass says with which columns, and what becomes of the rows."""

    columns: ClassVar[Sequence[Column]]

    def verdicts(self, rows: Iterable[Row], *, actor: User, keep: bool) -> Iterator[Verdict]:
        """One verdict a row, in their order; with keep=False nothing lasting is written."""
        raise NotImplementedError

    def told(self, *, actor: User, sheet: str, rows: int, applied: int) -> None:
        """Called once when all rows have been kept."""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE", help="a CSV file in UTF-8")
        parser.add_argument("--as", dest="username", metavar="USERNAME", help="who imports")
        parser.add_argument("--verdicts", type=Path, metavar="OUT", help="write one verdict a row")
        parser.add_argument(
            "--rejects", type=Path, metavar="OUT", help="write refused rows, to mend and import"
        )
        parser.add_argument("--dry-run", action="store_true", help="decide all, keep nothing")
        parser.add_argument("--json", action="store_true", help="print the summary as JSON")

    def handle(self, *, file: Path, **options: Any) -> None:
        sheet = Sheet(file, self.columns)
        keep = not options["dry_run"]
        counts: Counter[str] = Counter()
        try:
            total = sheet.check()
            with ExitStack() as stack:
                outputs = stack.enter_context(_outputs(sheet, options))
                stack.enter_context(_kept_if(keep))
                stack.enter_context(_undisturbed())
                actor = _importer(options["username"])
                self._import(sheet, outputs, counts, total=total, actor=actor, keep=keep)
        except Problem as problem:
            raise CommandError(f"{problem} {problem.remedy}") from problem
        except OSError as error:
            raise CommandError(_broken_off(error, counts, keep=keep)) from error
        self._summarise(counts, options)

    def _import(
        self,
        sheet: Sheet,
        outputs: "_Outputs",
        counts: Counter[str],
        *,
        total: int,
        actor: User,
        keep: bool,
    ) -> None:
        pending: deque[Row] = deque()
        rows = _remembered(sheet.rows(), pending)
        # disable=None: only where a person looks.
        bar = tqdm(total=total, unit=" rows", file=sys.stderr, disable=None)
        with bar:
            for verdict in self.verdicts(rows, actor=actor, keep=keep):
                counts[verdict.name] += 1
                outputs.write(pending.popleft(), verdict)
                bar.update()
        if keep:
            applied = counts[Verdict.APPLIED]
            self.told(actor=actor, sheet=sheet.path.name, rows=total, applied=applied)

    def _summarise(self, counts: Counter[str], options: dict[str, Any]) -> None:
        rows = counts.total()
        if options["json"]:
            self.stdout.write(json.dumps({"rows": rows} | dict(sorted(counts.items())), indent=1))
            return
        self.stdout.write(f"{rows} rows" + (", nothing kept" if options["dry_run"] else ""))
        for name, number in counts.most_common():
            self.stdout.write(f"{number:>9} {name}")
        refused = rows - sum(counts[name] for name in Verdict.ACCEPTED)
        if refused and options["rejects"]:
            self.stdout.write(f"Mend the refused rows in {options['rejects']} and import that.")
        elif refused:
            self.stdout.write("With --rejects OUT the refused rows are written down, with reasons.")


class _Outputs:
    def __init__(self, verdicts: IO[str] | None, rejects: Rejects | None) -> None:
        self._verdicts = verdicts
        self._rejects = rejects

    def write(self, row: Row, verdict: Verdict) -> None:
        if self._verdicts is not None:
            self._verdicts.write(f"{verdict.name}\n")
        if self._rejects is not None and verdict.problem is not None:
            self._rejects.write(row, verdict.problem)


@contextmanager
def _outputs(sheet: Sheet, options: dict[str, Any]) -> Iterator[_Outputs]:
    _check_apart(sheet, options)
    with ExitStack() as stack:
        files: dict[str, IO[str]] = {}
        # A spreadsheet takes a file for UTF-8 only with the mark in front.
        for name, encoding in (("verdicts", "ascii"), ("rejects", "utf-8-sig")):
            path: Path | None = options[name]
            if path is None:
                continue
            try:
                file = path.open("w", encoding=encoding, newline="")
            except OSError as error:
                raise CommandError(f"{path} cannot be written: {error.strerror}.") from None
            files[name] = stack.enter_context(file)
        rejects = files.get("rejects")
        yield _Outputs(files.get("verdicts"), Rejects(rejects, sheet.header()) if rejects else None)


def _check_apart(sheet: Sheet, options: dict[str, Any]) -> None:
    """Refuse outputs that would overwrite the sheet or each other, before anything is opened."""
    named = {name: options[name] for name in ("verdicts", "rejects") if options[name] is not None}
    for name, path in named.items():
        if path.exists() and path.samefile(sheet.path):
            raise CommandError(f"--{name} would overwrite the sheet itself.")
    if len(named) == 2 and _same(*named.values()):
        raise CommandError("--verdicts and --rejects name the same file. Name two.")


def _same(one: Path, other: Path) -> bool:
    if one.exists() and other.exists():
        return one.samefile(other)
    return one.resolve() == other.resolve()


def _broken_off(error: OSError, counts: Counter[str], *, keep: bool) -> str:
    """What stopped an import, and how far it had come."""
    if not keep:
        return f"Broken off: {error.strerror}. It was a dry run: nothing was kept."
    # A chunk is kept before the first of its verdicts is written.
    return (
        f"Broken off: {error.strerror}. At least the first {counts.total()} rows were decided and "
        "kept. Import the sheet again: what was kept is recognised."
    )


@contextmanager
def _kept_if(keep: bool) -> Iterator[None]:
    if keep:
        yield
        return
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@contextmanager
def _undisturbed() -> Iterator[None]:
    # Whoever has an answer of the database waits for his turn while another thread reads the next
    # rows. A turn takes 5 ms, and there are dozens of answers to a group: a sixth of the time.
    usual = sys.getswitchinterval()
    sys.setswitchinterval(TURN_SECONDS)
    # Rows by the thousand make Python look for garbage in all that was loaded: 50 ms each time.
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
        sys.setswitchinterval(usual)


def _importer(username: str | None) -> User:
    """The account with this name; without one, the account of the machine itself."""
    if username is None:
        user, created = User.objects.get_or_create(username=SYSTEM, defaults={"is_active": False})
        if created:
            user.set_unusable_password()
            user.save(update_fields=["password"])
        return user
    found = User.objects.filter(username=username, is_active=True).first()
    if found is None:
        raise CommandError(f"There is no active user {username}.")
    return found


def _remembered(rows: Iterable[Row], pending: deque[Row]) -> Iterator[Row]:
    for row in rows:
        pending.append(row)
        yield row
