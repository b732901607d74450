"""Sheets full of bags and scans: the rules of record_scan(), many rows a transaction."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import chain
from operator import itemgetter
from typing import TypeVar
from uuid import UUID, uuid5

from django.db import IntegrityError, transaction

from accounts.models import User
from bags.errors import KIND_REASONS, AreaUnknown, BatchUnknown, WrongKind
from bags.sheets import BagRow
from scans.events import ScansRecorded, SheetImported
from scans.models import Outcome, Scan, Step
from scans.recording import fast_path
from scans.recording.batching import (
    Group,
    Rows,
    Settle,
    beside,
    held_desk,
    lock,
    may_work_beside,
    read_ahead,
    split_into_groups,
    verdict_on,
    with_retries,
)
from scans.recording.dry_run import DryRun
from scans.recording.record_scan import apply_scan
from scans.recording.unit_of_work import UnitOfWork
from scans.scan_request import ScanRequest
from tracetrack.errors.problem import BadRow, Message, Problem
from tracetrack.events import emit
from tracetrack.imports.csv import Verdict

# Rows of one transaction, and those of them that lock something: scanners wait for those. Scans go
# by sets; with bags each one is locked by its code.
CHUNK, ACTING, BAG_CHUNK = 10_000, 5_000, 500
# Of the first one: the database has nothing to do while it is read.
FIRST_CHUNK = 1_000
# The refs of what bag sheets do: the same bag has the same ref in every sheet.
BAG_REFS = UUID("5b0c6a0e-6f3e-4c0d-9d5c-0a5f1d9a7c11")
APPLIED, ALREADY = Verdict(Outcome.APPLIED.value), Verdict(Outcome.ALREADY.value)

T = TypeVar("T")


def record_scans(
    rows: Rows[User],
    *,
    areas: frozenset[int] | None,
    now: datetime,
    chunk: int = CHUNK,
    keep: bool = True,
) -> Iterator[Verdict]:
    """What record_scan() would do with each request and its actor, in this order; a verdict a row.

    `areas` bound what may be touched, whoever scanned; None where nothing does. A row that could
    not be read comes as its Problem. Each chunk is one transaction, or two where many rows only
    look at bags, and its verdicts come when it is kept. With keep=False everything is decided and
    nothing written.
    """

    if not keep:
        return _rehearsed(rows, _settling(now), areas=areas, chunk=chunk)
    return _in_chunks(rows, areas=areas, now=now, chunk=chunk)


def record_upload(
    rows: Sequence[ScanRequest | Problem],
    *,
    actor: User,
    areas: frozenset[int] | None,
    now: datetime,
    whole: bool,
) -> list[Verdict]:
    """The same for what one actor uploads, in one transaction, however many rows there are.

    With `whole`, one refusal is enough: then nothing is kept, whatever the verdicts say.
    """

    given: Rows[User] = [row if isinstance(row, Problem) else (row, actor) for row in rows]
    # Its rows are often sent again, because their answer was lost.
    lane = _lane(areas, now, asks=True)

    def work() -> list[Verdict]:
        requests = [row for row in rows if not isinstance(row, Problem)]
        ours = lock({code for e in requests for code in (e.code, e.parent_code) if code})
        verdicts: list[Verdict] = []
        for group in split_into_groups(given, CHUNK):
            staged = lane.staged(group) if lane else None
            verdicts += _recorded(group, staged, lane, areas=areas, now=now, ours=ours)
        if whole and any(verdict.problem for verdict in verdicts):
            transaction.set_rollback(True)
        emit(ScansRecorded(rows=len(rows)))
        return verdicts

    return with_retries(work)


def register_bags(
    rows: Iterable[BagRow | Problem],
    *,
    actor: User,
    areas: frozenset[int] | None,
    now: datetime,
    chunk: int = BAG_CHUNK,
    keep: bool = True,
) -> Iterator[Verdict]:
    """Bring the bags of a sheet into being, and add_child them into the parents they name.

    A bag that exists is left alone. Chunks, verdicts and `keep` as in record_scans().
    """

    def settle(unit: UnitOfWork, request: ScanRequest, line: BagRow) -> str:
        _check_bag(unit, line)
        if unit.find(line.code) is not None:
            return Outcome.ALREADY
        return apply_scan(unit, request, actor=actor, now=now).verdict

    lines = (row if isinstance(row, Problem) else (_birth(row, now), row) for row in rows)
    if not keep:
        return _rehearsed(lines, settle, areas=areas, chunk=chunk)
    return _kept(lines, settle, areas=areas, chunk=chunk)


@transaction.atomic
def emit_sheet_imported(*, actor: User, sheet: str, rows: int, applied: int) -> None:
    """Have it known that a whole sheet was taken in."""
    emit(SheetImported(sheet=sheet[:120], rows=rows, applied=applied), actor=actor)


def _birth(line: BagRow, now: datetime) -> ScanRequest:
    within = f" in {line.parent_code}" if line.parent_code else ""
    return ScanRequest(
        ref=uuid5(BAG_REFS, f"{line.code}{within}"),
        step=Step.LINK if line.parent_code else Step.REGISTER,
        code=line.code,
        parent_code=line.parent_code,
        area=line.area,
        scanned_at=now,
        lot=line.batch_code,
        kind=line.kind,
    )


def _check_bag(unit: UnitOfWork, line: BagRow) -> None:
    """Refuse what only a bag sheet can get wrong; the first fault wins."""
    if line.bag_type not in unit.type_names():
        raise BadRow(field="bag_type", reason=f"there is no bag type {line.bag_type}")
    if unit.lot(line.batch_code) is None:
        raise BatchUnknown(batch=line.batch_code)
    area = unit.areas.get(line.area)
    if area is None or not area.active:
        raise AreaUnknown(area=line.area)
    bag = unit.find(line.code)
    if bag is not None:
        if bag.kind != line.kind:
            raise WrongKind(bag=bag.code, reason=Message(KIND_REASONS[bag.kind]))
        return
    fits = unit.fit(line.code, line.kind)
    if fits is None or fits[1].name != line.bag_type:
        reason = f"no {line.kind} of {line.bag_type} has such a code"
        raise WrongKind(bag=line.code, reason=reason)


def _settling(now: datetime) -> Settle[User]:
    def settle(unit: UnitOfWork, request: ScanRequest, actor: User) -> str:
        return apply_scan(unit, request, actor=actor, now=now).verdict

    return settle


def _rehearsed(
    rows: Rows[T], settle: Settle[T], *, areas: frozenset[int] | None, chunk: int
) -> Iterator[Verdict]:
    rehearsal = None
    for group in split_into_groups(rows, chunk):
        rehearsal = DryRun(_entries(group), areas=areas, before=rehearsal)
        yield from [verdict_on(rehearsal, row, settle) for row in group]


def _kept(
    rows: Rows[T], settle: Settle[T], *, areas: frozenset[int] | None, chunk: int
) -> Iterator[Verdict]:
    for group in split_into_groups(rows, chunk):

        def work(group: Group[T] = group) -> list[Verdict]:
            unit = UnitOfWork(_entries(group), areas=areas)
            verdicts = [verdict_on(unit, row, settle) for row in group]
            unit.save()
            emit(ScansRecorded(rows=len(group)))
            return verdicts

        yield from with_retries(work)


def _in_chunks(
    rows: Rows[User], *, areas: frozenset[int] | None, now: datetime, chunk: int
) -> Iterator[Verdict]:
    lane = _lane(areas, now, asks=False)

    def kept(part: fast_path.Part) -> list[Verdict]:
        def work() -> list[Verdict]:
            verdicts = _recorded(part.rows, part.staged, lane, areas=areas, now=now, ours=set())
            emit(ScansRecorded(rows=len(part.rows)))
            return verdicts

        return with_retries(work)

    alone = not may_work_beside()
    groups = _bounded(split_into_groups(rows, chunk, first=FIRST_CHUNK, acting=ACTING), lane)
    with beside() as other:
        for acts, *looks in read_ahead(_parts(group, lane, alone=alone) for group in groups):
            looking = [(part.at, other.submit(kept, part)) for part in looks]
            told = zip(acts.at, kept(acts), strict=True)
            seen = [zip(at, looked.result(), strict=True) for at, looked in looking]
            yield from (verdict for _, verdict in sorted(chain(told, *seen), key=itemgetter(0)))


def _bounded(
    groups: Iterable[Group[User]], lane: fast_path.FastPath | None
) -> Iterator[Group[User]]:
    """No more rows at once than may lock something where the rules apply_scan: they lock all."""
    for group in groups:
        size = ACTING if lane is None or lane.asks else len(group)
        yield from (group[at : at + size] for at in range(0, len(group), size))


def _parts(
    group: Group[User], lane: fast_path.FastPath | None, *, alone: bool
) -> list[fast_path.Part]:
    if lane and not alone:
        return lane.parts(group)
    return [fast_path.Part(range(len(group)), group, lane.staged(group) if lane else None)]


def _lane(areas: frozenset[int] | None, now: datetime, *, asks: bool) -> fast_path.FastPath | None:
    # Who sees some areas only may lose sight of a bag on the way: that is for the rules.
    return fast_path.FastPath(now, asks=asks) if areas is None else None


def _recorded(
    group: Group[User],
    staged: str | None,
    lane: fast_path.FastPath | None,
    *,
    areas: frozenset[int] | None,
    now: datetime,
    ours: set[str],
) -> list[Verdict]:
    """What becomes of the rows of a group, written down; `ours`: codes of bags locked before."""
    if lane is None or staged is None:
        return _by_the_rules(group, areas=areas, now=now, ours=ours)
    judged = fast_path.classify(staged, asks=lane.asks)
    ours |= judged.locked
    hard = [group[n] for n in sorted(judged.hard)]
    unit = held_desk(_entries(hard), areas, ours)
    settle = _settling(now)
    verdicts: list[Verdict] = []
    decided: list[tuple[int, Scan]] = []
    for n, row in enumerate(group):
        if isinstance(row, Problem) or n in judged.hard:
            verdicts.append(verdict_on(unit, row, settle))
            decided += [(n, scan) for scan in unit.take_scans()]
        else:
            verdicts.append(ALREADY if n in judged.already else APPLIED)
    unit.save()
    try:
        fast_path.write(decided, now=now)
    except IntegrityError:
        # Nearly always a ref that is known; then others will be. The group is taken again.
        lane.asks = True
        raise
    ours |= unit.bags.keys()
    return verdicts


def _by_the_rules(
    group: Group[User], *, areas: frozenset[int] | None, now: datetime, ours: set[str]
) -> list[Verdict]:
    unit = held_desk(_entries(group), areas, ours)
    verdicts = [verdict_on(unit, row, _settling(now)) for row in group]
    unit.save()
    ours |= unit.bags.keys()
    return verdicts


def _entries(group: Group[T]) -> list[ScanRequest]:
    return [row[0] for row in group if not isinstance(row, Problem)]
