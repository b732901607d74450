"""Rows in groups, each a transaction that is with_retries again where others came between."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

from django.db import (
    IntegrityError,
    OperationalError,
    connection,
    connections,
    transaction,
)

from scans.models import Step
from scans.recording.record_scan import MAX_ATTEMPTS, RETRYABLE
from scans.recording.unit_of_work import StaleRead, UnitOfWork
from scans.scan_request import ScanRequest
from tracetrack.db.sql_files import sql
from tracetrack.errors.problem import Busy, Problem
from tracetrack.imports.csv import Verdict

T = TypeVar("T")
Rows = Iterable[tuple[ScanRequest, T] | Problem]
Group = list[tuple[ScanRequest, T] | Problem]
Settle = Callable[[UnitOfWork, ScanRequest, T], str]


def split_into_groups(
    rows: Rows[T], size: int, first: int | None = None, acting: int | None = None
) -> Iterator[Group[T]]:
    """Rows in groups; an undo stands alone, because it asks the ledger for what came before.

    With `first` they begin with so many rows, and double until they have `size`. With `acting` not
    more than so many of a group do anything but look: those hold locks until it is kept.
    """
    full, size = size, min(first or size, size)
    group: Group[T] = []
    acts = 0
    for row in rows:
        step = None if isinstance(row, Problem) else row[0].step
        alone = step == Step.UNDO
        if group and (alone or len(group) == size or acts == acting):
            yield group
            group, size, acts = [], min(2 * size, full), 0
        group.append(row)
        acts += step not in (None, Step.INSPECT)
        if alone:
            yield group
            group, acts = [], 0
    if group:
        yield group


def may_work_beside() -> bool:
    """Whether a second connection is to be had, and would see what this one has done."""
    pool = getattr(connection, "pool", None)
    return not connection.in_atomic_block and (pool is None or pool.max_size > 1)


@contextmanager
def beside() -> Iterator[Executor]:
    """Somebody who works on the side, with a connection of his own."""
    with ThreadPoolExecutor(1, thread_name_prefix="beside") as other:
        try:
            yield other
        finally:
            other.submit(connections.close_all).result()


def read_ahead(groups: Iterable[T]) -> Iterator[T]:
    """These groups, each read beside the work on the one before. Reading must ask no database."""
    coming = iter(groups)
    with ThreadPoolExecutor(1, thread_name_prefix="reading") as reader:
        read = reader.submit(next, coming, None)
        while (group := read.result()) is not None:
            read = reader.submit(next, coming, None)
            yield group


def with_retries(work: Callable[[], list[Verdict]]) -> list[Verdict]:
    """What `work` gives, in one transaction; from the start again where others came between."""
    for _ in range(MAX_ATTEMPTS):
        try:
            with transaction.atomic():
                _go_by_keys()
                return work()
        except StaleRead:
            pass
        except (OperationalError, IntegrityError) as error:
            if getattr(error.__cause__, "sqlstate", None) not in RETRYABLE:
                raise
    raise Busy


class _HeldDesk(UnitOfWork):
    """A unit for one of many groups in a transaction: what lies on it is locked row by row.

    A lock on every code and ref of an upload would be more than the server has room for. Where
    somebody else claims one of them at the same time, the constraints say so.
    """

    LOCKS = False


def held_desk(
    requests: list[ScanRequest], areas: frozenset[int] | None, ours: set[str]
) -> UnitOfWork:
    """A unit on which every bag is locked; `ours` are the codes of those that already are.

    Where all only look nothing is locked: they change no bag, and must not wait for those who do.
    """
    looks = all(request.step == Step.INSPECT for request in requests)
    while True:
        unit = _HeldDesk(requests, areas=areas)
        if looks:
            return unit
        others = unit.bags.keys() - ours
        if not others:
            return unit
        ours |= lock(others)


def lock(codes: Iterable[str]) -> set[str]:
    """Have these bags to ourselves until the transaction ends; the codes of those that exist."""
    with connection.cursor() as cursor:
        cursor.execute(sql("scans.lock_bags"), {"codes": list(codes)})
        return {code for (code,) in cursor.fetchall()}


def _go_by_keys() -> None:
    # Nothing here reads a whole table, and nothing is so large that compiling its plan would pay.
    # PostgreSQL checks foreign keys with plans that it made for this connection's first rows; made
    # for empty tables, they would read everything every time.
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL jit = off")


def verdict_on(
    unit: UnitOfWork, row: tuple[ScanRequest, T] | Problem, settle: Settle[T]
) -> Verdict:
    if isinstance(row, Problem):
        return Verdict.refused(row)
    try:
        return Verdict(settle(unit, *row))
    except Problem as problem:
        return Verdict.refused(problem)
