"""Bulk recording: sheets of scans and bags, and uploads, under the rules of record_scan()."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import TypeVar
from uuid import UUID, uuid5

from django.db import IntegrityError, transaction

from accounts.models import User
from bags.errors import KIND_REASONS, AreaUnknown, BatchUnknown, WrongKind
from bags.sheets import BagRow
from scans.events import ScansRecorded, SheetImported
from scans.models import Outcome, Scan, Step
from scans.recording.batching import (
    Group,
    Handler,
    Rows,
    load_locked_unit,
    lock_bags,
    read_ahead,
    requests_of,
    split_into_groups,
    verdict_of,
    with_retries,
)
from scans.recording.dry_run import DryRun
from scans.recording.fast_path import FastPath
from scans.recording.record_scan import apply_scan
from scans.recording.unit_of_work import UnitOfWork
from scans.scan_request import ScanRequest
from tracetrack.errors.problem import BadRow, Message, Problem
from tracetrack.events import emit
from tracetrack.imports.csv import Verdict

# Rows of scans in one transaction, and how many of them may lock bags: scanners wait for these.
CHUNK_ROWS, MAX_CHANGING_ROWS = 10_000, 5_000
# The first chunk is short: the database is idle while it is read.
FIRST_CHUNK_ROWS = 1_000
BAG_CHUNK_ROWS = 500
# The namespace of the refs of bag sheets: the same bag has the same ref in every sheet.
BAG_SHEET_NAMESPACE = UUID("5b0c6a0e-6f3e-4c0d-9d5c-0a5f1d9a7c11")
MAX_SHEET_NAME_CHARS = 120
APPLIED, ALREADY = Verdict(Outcome.APPLIED.value), Verdict(Outcome.ALREADY.value)

T = TypeVar("T")


def record_scans(
    rows: Rows[User],
    *,
    areas: frozenset[int] | None,
    now: datetime,
    chunk_rows: int = CHUNK_ROWS,
    dry_run: bool = False,
) -> Iterator[Verdict]:
    """Record each scan request with its actor, in this order; yield one verdict per row.

    `areas` are the ids of the areas in which bags may be changed, None for all areas; they apply to
    all actors. Each chunk is one transaction; its verdicts are yielded after COMMIT. With `dry_run`
    the same verdicts are yielded and nothing is written.
    """
    if dry_run:
        return _dry_run(rows, _scan_handler(now), areas=areas, chunk_rows=chunk_rows)
    return _record_chunks(rows, areas=areas, now=now, chunk_rows=chunk_rows)


def record_upload(
    rows: Sequence[ScanRequest | Problem],
    *,
    actor: User,
    areas: frozenset[int] | None,
    now: datetime,
    whole: bool,
) -> list[Verdict]:
    """Record the scans that one actor uploads in one transaction; return one verdict per row.

    With `whole`, nothing is recorded if one row is refused, even if other rows have the verdict
    `applied`. `areas` as in record_scans().
    """
    rows_with_actor: Rows[User] = [
        row if isinstance(row, Problem) else (row, actor) for row in rows
    ]
    # Clients repeat an upload whose response was lost, so its refs are often known.
    writer = _ChunkWriter(areas, now, checks_refs=True)

    def work() -> list[Verdict]:
        requests = requests_of(rows_with_actor)  # type: ignore[arg-type]
        codes = {code for r in requests for code in (r.code, r.parent_code) if code}
        locked_codes = lock_bags(codes)
        verdicts: list[Verdict] = []
        for group in split_into_groups(rows_with_actor, CHUNK_ROWS):
            verdicts += writer.write(group, writer.stage(group), locked_codes)
        if whole and any(verdict.problem for verdict in verdicts):
            transaction.set_rollback(True)
        # Takes effect on COMMIT only.
        emit(ScansRecorded(rows=len(rows)))
        return verdicts

    return with_retries(work)


def register_bags(
    rows: Iterable[BagRow | Problem],
    *,
    actor: User,
    areas: frozenset[int] | None,
    now: datetime,
    chunk_rows: int = BAG_CHUNK_ROWS,
    dry_run: bool = False,
) -> Iterator[Verdict]:
    """Register the bags of a sheet and put them into the parents that it names.

    An existing bag is not changed. Chunks, verdicts, `areas` and `dry_run` as in record_scans().
    """

    def handle(unit: UnitOfWork, request: ScanRequest, line: BagRow) -> str:
        _check_bag_line(unit, line)
        if unit.find_bag(line.code) is not None:
            return Outcome.ALREADY
        return apply_scan(unit, request, actor=actor, now=now).verdict

    lines = (row if isinstance(row, Problem) else (_bag_request(row, now), row) for row in rows)
    if dry_run:
        return _dry_run(lines, handle, areas=areas, chunk_rows=chunk_rows)
    return _register_chunks(lines, handle, areas=areas, chunk_rows=chunk_rows)


@transaction.atomic
def emit_sheet_imported(*, actor: User, sheet: str, rows: int, applied: int) -> None:
    """Emit SheetImported after the last chunk of a sheet; it is written to the audit log."""
    event = SheetImported(sheet=sheet[:MAX_SHEET_NAME_CHARS], rows=rows, applied=applied)
    emit(event, actor=actor)


# -- bag sheets -------------------------------------------------------------------------------


def _bag_request(line: BagRow, now: datetime) -> ScanRequest:
    """Return the scan request that registers the bag, or links it to the parent it names."""
    parent = f" in {line.parent_code}" if line.parent_code else ""
    return ScanRequest(
        ref=uuid5(BAG_SHEET_NAMESPACE, f"{line.code}{parent}"),
        step=Step.LINK if line.parent_code else Step.REGISTER,
        code=line.code,
        parent_code=line.parent_code,
        area=line.area,
        scanned_at=now,
        lot=line.batch_code,
        kind=line.kind,
    )


def _check_bag_line(unit: UnitOfWork, line: BagRow) -> None:
    """Check what only bag sheets contain; raise the first Problem found.

    Raises BadRow, BatchUnknown, AreaUnknown, WrongKind.
    """
    if line.bag_type not in unit.bag_type_names():
        raise BadRow(field="bag_type", reason=f"there is no bag type {line.bag_type}")
    if unit.find_batch(line.batch_code) is None:
        raise BatchUnknown(batch=line.batch_code)
    area = unit.areas.get(line.area)
    if area is None or not area.active:
        raise AreaUnknown(area=line.area)
    bag = unit.find_bag(line.code)
    if bag is not None:
        if bag.kind != line.kind:
            raise WrongKind(bag=bag.code, reason=Message(KIND_REASONS[bag.kind]))
        return
    match = unit.match_bag_type(line.code, line.kind)
    if match is None or match[1].name != line.bag_type:
        reason = f"no {line.kind} of {line.bag_type} has such a code"
        raise WrongKind(bag=line.code, reason=reason)


def _register_chunks(
    rows: Rows[T], handle: Handler[T], *, areas: frozenset[int] | None, chunk_rows: int
) -> Iterator[Verdict]:
    for group in split_into_groups(rows, chunk_rows):

        def work(group: Group[T] = group) -> list[Verdict]:
            unit = UnitOfWork(requests_of(group), area_ids=areas)
            verdicts = [verdict_of(unit, row, handle) for row in group]
            unit.save()
            emit(ScansRecorded(rows=len(group)))
            return verdicts

        yield from with_retries(work)


# -- scans ------------------------------------------------------------------------------------


def _scan_handler(now: datetime) -> Handler[User]:
    def handle(unit: UnitOfWork, request: ScanRequest, actor: User) -> str:
        return apply_scan(unit, request, actor=actor, now=now).verdict

    return handle


def _dry_run(
    rows: Rows[T], handle: Handler[T], *, areas: frozenset[int] | None, chunk_rows: int
) -> Iterator[Verdict]:
    unit = None
    for group in split_into_groups(rows, chunk_rows):
        unit = DryRun(requests_of(group), area_ids=areas, previous=unit)
        yield from [verdict_of(unit, row, handle) for row in group]


def _record_chunks(
    rows: Rows[User], *, areas: frozenset[int] | None, now: datetime, chunk_rows: int
) -> Iterator[Verdict]:
    writer = _ChunkWriter(areas, now, checks_refs=False)
    groups = split_into_groups(
        rows, chunk_rows, first_rows=FIRST_CHUNK_ROWS, max_changing=MAX_CHANGING_ROWS
    )
    smaller_groups = _limit_locks(groups, writer)
    for group, staged in read_ahead((group, writer.stage(group)) for group in smaller_groups):

        def work(group: Group[User] = group, staged: str | None = staged) -> list[Verdict]:
            verdicts = writer.write(group, staged, locked_codes=set())
            emit(ScansRecorded(rows=len(group)))
            return verdicts

        yield from with_retries(work)


def _limit_locks(groups: Iterable[Group[User]], writer: "_ChunkWriter") -> Iterator[Group[User]]:
    """Split groups that the rules decide, which lock the bags of all their rows."""
    for group in groups:
        size = MAX_CHANGING_ROWS if writer.locks_all_rows else len(group)
        yield from (group[start : start + size] for start in range(0, len(group), size))


class _ChunkWriter:
    """Records groups of rows: by the fast path if possible, otherwise by the rules."""

    def __init__(self, areas: frozenset[int] | None, now: datetime, *, checks_refs: bool) -> None:
        self._areas, self._now = areas, now
        self._handle = _scan_handler(now)
        # A bag may leave the areas of a restricted user within a group; only the rules check that.
        self._fast_path = FastPath(now, checks_refs=checks_refs) if areas is None else None

    @property
    def locks_all_rows(self) -> bool:
        """Whether most rows are expected to need the rules."""
        return self._fast_path is None or self._fast_path.checks_refs

    def stage(self, group: Group[User]) -> str | None:
        """Return the group in COPY format, or None if the rules are faster or required."""
        return self._fast_path.stage(group) if self._fast_path else None

    def write(
        self, group: Group[User], staged: str | None, locked_codes: set[str]
    ) -> list[Verdict]:
        """Record a group in the current transaction and return its verdicts.

        `locked_codes` are the codes of bags locked before; those locked here are added.
        """
        if self._fast_path is None or staged is None:
            return self._write_by_rules(group, locked_codes)
        rows = self._fast_path.classify(staged)
        locked_codes |= rows.locked_codes
        by_rules = [group[n] for n in sorted(rows.need_rules)]
        unit = load_locked_unit(requests_of(by_rules), self._areas, locked_codes)
        verdicts: list[Verdict] = []
        scans: list[tuple[int, Scan]] = []
        for n, row in enumerate(group):
            if isinstance(row, Problem) or n in rows.need_rules:
                verdicts.append(verdict_of(unit, row, self._handle))
                scans += [(n, scan) for scan in unit.take_scans()]
            else:
                verdicts.append(ALREADY if n in rows.already else APPLIED)
        unit.save()
        try:
            self._fast_path.write(scans)
        except IntegrityError:
            # Most likely a known ref, so more will follow: the repeated group looks refs up.
            self._fast_path.checks_refs = True
            raise
        locked_codes |= unit.bags.keys()
        return verdicts

    def _write_by_rules(self, group: Group[User], locked_codes: set[str]) -> list[Verdict]:
        unit = load_locked_unit(requests_of(group), self._areas, locked_codes)
        verdicts = [verdict_of(unit, row, self._handle) for row in group]
        unit.save()
        locked_codes |= unit.bags.keys()
        return verdicts
