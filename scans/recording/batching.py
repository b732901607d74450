"""Groups of rows, each recorded in one transaction that is repeated after a conflict."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from django.db import IntegrityError, OperationalError, connection, transaction

from scans.models import Step
from scans.recording.record_scan import MAX_ATTEMPTS, RETRYABLE
from scans.recording.unit_of_work import StaleRead, UnitOfWork
from scans.scan_request import ScanRequest
from tracetrack.db.sql_files import sql
from tracetrack.errors.problem import Busy, Problem
from tracetrack.imports.csv import Verdict

T = TypeVar("T")
# A row is a scan request with a value for the handler, such as its actor, or the Problem found
# while it was read.
Rows = Iterable[tuple[ScanRequest, T] | Problem]
Group = list[tuple[ScanRequest, T] | Problem]
Handler = Callable[[UnitOfWork, ScanRequest, T], str]


def split_into_groups(
    rows: Rows[T], max_rows: int, first_rows: int | None = None, max_changing: int | None = None
) -> Iterator[Group[T]]:
    """Split rows into groups of at most `max_rows`; an undo forms a separate group.

    An undo queries the ledger for earlier scans, which must have been written. With `first_rows`
    the first group has that size, and sizes double up to `max_rows`. With `max_changing` a group
    holds at most that many rows that change a bag, because these hold locks until COMMIT.
    """
    size = min(first_rows or max_rows, max_rows)
    group: Group[T] = []
    changing = 0
    for row in rows:
        step = None if isinstance(row, Problem) else row[0].step
        is_undo = step == Step.UNDO
        if group and (is_undo or len(group) == size or changing == max_changing):
            yield group
            group, size, changing = [], min(2 * size, max_rows), 0
        group.append(row)
        changing += step not in (None, Step.INSPECT)
        if is_undo:
            yield group
            group, changing = [], 0
    if group:
        yield group


def requests_of(group: Group[T]) -> list[ScanRequest]:
    """Return the scan requests of the rows that could be read."""
    return [row[0] for row in group if not isinstance(row, Problem)]


def read_ahead(groups: Iterable[T]) -> Iterator[T]:
    """Yield `groups`, reading the next one in a thread. Reading must not use the database."""
    iterator = iter(groups)
    with ThreadPoolExecutor(1, thread_name_prefix="read-ahead") as reader:
        upcoming = reader.submit(next, iterator, None)
        while (group := upcoming.result()) is not None:
            upcoming = reader.submit(next, iterator, None)
            yield group


def with_retries(work: Callable[[], list[Verdict]]) -> list[Verdict]:
    """Return the result of `work`, run in a transaction that is repeated after a conflict.

    Raises Busy if it fails MAX_ATTEMPTS times.
    """
    for _ in range(MAX_ATTEMPTS):
        try:
            with transaction.atomic():
                _prefer_index_scans()
                return work()
        except StaleRead:
            pass
        except (OperationalError, IntegrityError) as error:
            if getattr(error.__cause__, "sqlstate", None) not in RETRYABLE:
                raise
    raise Busy


class RowLockedUnit(UnitOfWork):
    """A unit of work that relies on row locks taken before, without advisory locks.

    Advisory locks on every code and ref of an upload would exceed the server's lock table. If
    another transaction inserts one of them at the same time, a unique constraint reports it.
    """

    LOCKS = False


def load_locked_unit(
    requests: list[ScanRequest], area_ids: frozenset[int] | None, locked_codes: set[str]
) -> UnitOfWork:
    """Return a unit of work whose bags are all locked, and add their codes to `locked_codes`.

    Inspections lock nothing: they change no bag and must not wait for scans that do.
    """
    only_inspects = all(request.step == Step.INSPECT for request in requests)
    while True:
        unit = RowLockedUnit(requests, area_ids=area_ids)
        if only_inspects:
            return unit
        unlocked = unit.bags.keys() - locked_codes
        if not unlocked:
            return unit
        locked_codes |= lock_bags(unlocked)


def lock_bags(codes: Iterable[str]) -> set[str]:
    """Lock the bags with these codes until the transaction ends; return the codes that exist."""
    with connection.cursor() as cursor:
        cursor.execute(sql("scans.lock_bags"), {"codes": list(codes)})
        return {code for (code,) in cursor.fetchall()}


def verdict_of(
    unit: UnitOfWork, row: tuple[ScanRequest, T] | Problem, handle: Handler[T]
) -> Verdict:
    """Return the verdict of a row: the result of `handle`, or the Problem that refuses it."""
    if isinstance(row, Problem):
        return Verdict.refused(row)
    try:
        return Verdict(handle(unit, *row))
    except Problem as problem:
        return Verdict.refused(problem)


def _prefer_index_scans() -> None:
    # No statement here should read a whole table, and none is large enough for JIT to pay.
    # PostgreSQL caches the plans of foreign key checks per connection; plans made while the tables
    # were empty would read them completely from then on.
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL jit = off")
