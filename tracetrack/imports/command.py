"""Base of the import commands: options, progress, verdicts, rejects, summary."""

from __future__ import annotations

import gc
import json
import sys
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, ClassVar

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from tqdm import tqdm

from tracetrack.errors.problem import Problem
from tracetrack.imports.csv import Column, Rejects, Sheet, SheetRow, Verdict

if TYPE_CHECKING:
    from accounts.models import User

# The user of imports without --as.
SYSTEM_USERNAME = "system"
SWITCH_INTERVAL_SECONDS = 0.0002


class ImportCommand(BaseCommand):
    """Imports a sheet. A subclass sets its columns and implements verdicts()."""

    columns: ClassVar[Sequence[Column]]

    def verdicts(self, rows: Iterable[SheetRow], *, actor: User, keep: bool) -> Iterator[Verdict]:
        """Yield one verdict per row, in order. With keep=False nothing may be committed."""
        raise NotImplementedError

    def after_import(self, *, actor: User, sheet: str, rows: int, applied: int) -> None:
        """Do something after all rows are saved, such as emit an event. Not called on a dry run."""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE", help="a CSV file in UTF-8")
        parser.add_argument(
            "--as", dest="username", metavar="USERNAME", help="the user of the import"
        )
        parser.add_argument(
            "--verdicts", type=Path, metavar="OUT", help="write one verdict per row"
        )
        parser.add_argument(
            "--rejects", type=Path, metavar="OUT", help="write rejected rows, to correct and import"
        )
        parser.add_argument("--dry-run", action="store_true", help="check all rows, save nothing")
        parser.add_argument("--json", action="store_true", help="print the summary as JSON")

    def handle(self, *, file: Path, **options: Any) -> None:
        sheet = Sheet(file, self.columns)
        keep = not options["dry_run"]
        counts: Counter[str] = Counter()
        try:
            total = sheet.check()
            with ExitStack() as stack:
                outputs = stack.enter_context(_outputs(sheet, options))
                stack.enter_context(_commit_if(keep))
                stack.enter_context(_tuned_interpreter())
                actor = _importer(options["username"])
                self._import(sheet, outputs, counts, total=total, actor=actor, keep=keep)
        except Problem as problem:
            raise CommandError(f"{problem} {problem.remedy}") from problem
        except OSError as error:
            raise CommandError(_interruption(error, counts, keep=keep)) from error
        self._print_summary(counts, options)

    def _import(
        self,
        sheet: Sheet,
        outputs: _Outputs,
        counts: Counter[str],
        *,
        total: int,
        actor: User,
        keep: bool,
    ) -> None:
        pending: deque[SheetRow] = deque()
        rows = _append_to(sheet.rows(), pending)
        # disable=None: show the bar on terminals only.
        bar = tqdm(total=total, unit=" rows", file=sys.stderr, disable=None)
        with bar:
            for verdict in self.verdicts(rows, actor=actor, keep=keep):
                counts[verdict.name] += 1
                outputs.write(pending.popleft(), verdict)
                bar.update()
        if keep:
            applied = counts[Verdict.APPLIED]
            self.after_import(actor=actor, sheet=sheet.path.name, rows=total, applied=applied)

    def _print_summary(self, counts: Counter[str], options: dict[str, Any]) -> None:
        rows = counts.total()
        if options["json"]:
            self.stdout.write(json.dumps({"rows": rows} | dict(sorted(counts.items())), indent=1))
            return
        self.stdout.write(f"{rows} rows" + (", nothing saved" if options["dry_run"] else ""))
        for name, number in counts.most_common():
            self.stdout.write(f"{number:>9} {name}")
        rejected = rows - sum(counts[name] for name in Verdict.ACCEPTED)
        if rejected and options["rejects"]:
            self.stdout.write(f"Correct the rejected rows in {options['rejects']} and import it.")
        elif rejected:
            self.stdout.write("Use --rejects OUT to write the rejected rows with reasons.")


class _Outputs:
    def __init__(self, verdicts: IO[str] | None, rejects: Rejects | None) -> None:
        self._verdicts = verdicts
        self._rejects = rejects

    def write(self, row: SheetRow, verdict: Verdict) -> None:
        if self._verdicts is not None:
            self._verdicts.write(f"{verdict.name}\n")
        if self._rejects is not None and verdict.problem is not None:
            self._rejects.write(row, verdict.problem)


@contextmanager
def _outputs(sheet: Sheet, options: dict[str, Any]) -> Iterator[_Outputs]:
    _check_outputs(sheet, options)
    with ExitStack() as stack:
        files: dict[str, IO[str]] = {}
        # Spreadsheets recognize UTF-8 only with a byte order mark.
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


def _check_outputs(sheet: Sheet, options: dict[str, Any]) -> None:
    """Raise CommandError if an output would overwrite the sheet or the other output."""
    paths = {name: options[name] for name in ("verdicts", "rejects") if options[name] is not None}
    for name, path in paths.items():
        if path.exists() and path.samefile(sheet.path):
            raise CommandError(f"--{name} would overwrite the sheet itself.")
    if len(paths) == 2 and _is_same_file(*paths.values()):
        raise CommandError("--verdicts and --rejects name the same file. Name two.")


def _is_same_file(one: Path, other: Path) -> bool:
    if one.exists() and other.exists():
        return one.samefile(other)
    return one.resolve() == other.resolve()


def _interruption(error: OSError, counts: Counter[str], *, keep: bool) -> str:
    """Return the message about an import that ended early."""
    if not keep:
        return f"Stopped: {error.strerror}. It was a dry run: nothing was saved."
    # A chunk is committed before the first of its verdicts is written.
    return (
        f"Stopped: {error.strerror}. At least the first {counts.total()} rows were processed and "
        "saved. Import the sheet again: rows that were saved are recognized."
    )


@contextmanager
def _commit_if(keep: bool) -> Iterator[None]:
    if keep:
        yield
        return
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@contextmanager
def _tuned_interpreter() -> Iterator[None]:
    # After each query this thread waits for the GIL, which the thread that reads rows ahead holds
    # for up to 5 ms. With dozens of queries per group that was a sixth of the time.
    interval = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH_INTERVAL_SECONDS)
    # Thousands of rows trigger full garbage collections, 50 ms each for all loaded modules.
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
        sys.setswitchinterval(interval)


def _importer(username: str | None) -> User:
    """Return the active user with this name; without a name, the system user."""
    users = get_user_model().objects
    if username is None:
        user, created = users.get_or_create(username=SYSTEM_USERNAME, defaults={"is_active": False})
        if created:
            user.set_unusable_password()
            user.save(update_fields=["password"])
        return user
    found = users.filter(username=username, is_active=True).first()
    if found is None:
        raise CommandError(f"There is no active user {username}.")
    return found


def _append_to(rows: Iterable[SheetRow], pending: deque[SheetRow]) -> Iterator[SheetRow]:
    for row in rows:
        pending.append(row)
        yield row
