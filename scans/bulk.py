"""Sheets full of bags and scans: the rules of record_scan(), many rows a transaction."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import TypeVar
from uuid import UUID, uuid5

from django.db import IntegrityError, OperationalError, connection, transaction

from bags.errors import AreaUnknown, BatchUnknown, WrongKind
from bags.sheets import BagLine
from scans.actions import TRIES, decide
from scans.desk import Desk, Stale
from scans.entries import Entry
from scans.events import ScansRecorded, SheetImported
from scans.models import Outcome, Step
from scans.rehearsal import Rehearsal
from tracetrack.errors import BadRow, Busy, Problem
from tracetrack.events import emit
from tracetrack.models import User
from tracetrack.sheets import Verdict
from tracetrack.sql import sql

CHUNK = 500
# The refs of what bag sheets do: the same bag has the same ref in every sheet.
BAG_REFS = UUID("5b0c6a0e-6f3e-4c0d-9d5c-0a5f1d9a7c11")
# A deadlock, a lock that somebody holds for long, a code or ref that somebody claimed meanwhile:
# nothing is lost by trying again.
COLLISIONS = frozenset({"40P01", "55P03", "23505"})

T = TypeVar("T")
Rows = Iterable[tuple[Entry, T] | Problem]
Group = list[tuple[Entry, T] | Problem]
Settle = Callable[[Desk, Entry, T], str]


def record_scans(
    rows: Rows[User],
    *,
    areas: frozenset[int] | None,
    now: datetime,
    chunk: int = CHUNK,
    keep: bool = True,
) -> Iterator[Verdict]:
    """What record_scan() would do with each entry and its actor, in this order; a verdict a row.

    `areas` bound what may be touched, whoever scanned; None where nothing does. A row that could
    not be read comes as its Problem. Each chunk is one transaction, and its verdicts come when it
    is kept. With keep=False everything is decided and nothing written.
    """

    def settle(desk: Desk, entry: Entry, actor: User) -> str:
        return decide(desk, entry, actor=actor, now=now).verdict

    return _settled(rows, settle, areas=areas, chunk=chunk, keep=keep)


def record_together(
    rows: Sequence[Entry | Problem],
    *,
    actor: User,
    areas: frozenset[int] | None,
    now: datetime,
    whole: bool,
) -> list[Verdict]:
    """The same for what one actor uploads, in one transaction, however many rows there are.

    With `whole`, one refusal is enough: then nothing is kept, whatever the verdicts say.
    """

    def settle(desk: Desk, entry: Entry, actor: User) -> str:
        return decide(desk, entry, actor=actor, now=now).verdict

    given: Rows[User] = [row if isinstance(row, Problem) else (row, actor) for row in rows]

    def work() -> list[Verdict]:
        entries = [row for row in rows if not isinstance(row, Problem)]
        ours = _lock({code for e in entries for code in (e.code, e.parent_code) if code})
        verdicts: list[Verdict] = []
        for group in _groups(given, CHUNK):
            desk = _held([row[0] for row in group if not isinstance(row, Problem)], areas, ours)
            verdicts += [_verdict(desk, row, settle) for row in group]
            desk.save()
            ours |= desk.bags.keys()
        if whole and any(verdict.problem for verdict in verdicts):
            transaction.set_rollback(True)
        emit(ScansRecorded(rows=len(rows)))
        return verdicts

    return _tried(work)


def register_bags(
    rows: Iterable[BagLine | Problem],
    *,
    actor: User,
    areas: frozenset[int] | None,
    now: datetime,
    chunk: int = CHUNK,
    keep: bool = True,
) -> Iterator[Verdict]:
    """Bring the bags of a sheet into being, and put them into the parents they name.

    A bag that exists is left alone. Chunks, verdicts and `keep` as in record_scans().
    """

    def settle(desk: Desk, entry: Entry, line: BagLine) -> str:
        _check_bag(desk, line)
        if desk.find(line.code) is not None:
            return Outcome.ALREADY
        return decide(desk, entry, actor=actor, now=now).verdict

    lines = (row if isinstance(row, Problem) else (_birth(row, now), row) for row in rows)
    return _settled(lines, settle, areas=areas, chunk=chunk, keep=keep)


@transaction.atomic
def tell_imported(*, actor: User, sheet: str, rows: int, applied: int) -> None:
    """Have it known that a whole sheet was taken in."""
    emit(SheetImported(sheet=sheet[:120], rows=rows, applied=applied), actor=actor)


def _birth(line: BagLine, now: datetime) -> Entry:
    within = f" in {line.parent_code}" if line.parent_code else ""
    return Entry(
        ref=uuid5(BAG_REFS, f"{line.code}{within}"),
        step=Step.LINK if line.parent_code else Step.REGISTER,
        code=line.code,
        parent_code=line.parent_code,
        area=line.area,
        scanned_at=now,
        lot=line.batch_code,
        kind=line.kind,
    )


def _check_bag(desk: Desk, line: BagLine) -> None:
    """Refuse what only a bag sheet can get wrong; the first fault wins."""
    if line.bag_type not in desk.type_names():
        raise BadRow(field="bag_type", reason=f"there is no bag type {line.bag_type}")
    if desk.lot(line.batch_code) is None:
        raise BatchUnknown(batch=line.batch_code)
    area = desk.areas.get(line.area)
    if area is None or not area.active:
        raise AreaUnknown(area=line.area)
    bag = desk.find(line.code)
    if bag is not None:
        if bag.kind != line.kind:
            raise WrongKind(bag=bag.code, reason=f"it is a {bag.kind}")
        return
    fits = desk.fit(line.code, line.kind)
    if fits is None or fits[1].name != line.bag_type:
        reason = f"no {line.kind} of {line.bag_type} has such a code"
        raise WrongKind(bag=line.code, reason=reason)


def _settled(
    rows: Rows[T], settle: Settle[T], *, areas: frozenset[int] | None, chunk: int, keep: bool
) -> Iterator[Verdict]:
    rehearsal = None
    for group in _groups(rows, chunk):
        entries = [row[0] for row in group if not isinstance(row, Problem)]
        if keep:
            yield from _kept(group, entries, settle, areas)
        else:
            rehearsal = Rehearsal(entries, areas=areas, before=rehearsal)
            yield from [_verdict(rehearsal, row, settle) for row in group]


def _groups(rows: Rows[T], size: int) -> Iterator[Group[T]]:
    """Rows in groups; an undo stands alone, because it asks the ledger for what came before."""
    group: Group[T] = []
    for row in rows:
        alone = not isinstance(row, Problem) and row[0].step == Step.UNDO
        if group and (alone or len(group) == size):
            yield group
            group = []
        group.append(row)
        if alone:
            yield group
            group = []
    if group:
        yield group


def _kept(
    group: Group[T], entries: list[Entry], settle: Settle[T], areas: frozenset[int] | None
) -> list[Verdict]:
    def work() -> list[Verdict]:
        desk = Desk(entries, areas=areas)
        verdicts = [_verdict(desk, row, settle) for row in group]
        desk.save()
        emit(ScansRecorded(rows=len(group)))
        return verdicts

    return _tried(work)


def _tried(work: Callable[[], list[Verdict]]) -> list[Verdict]:
    """What `work` gives, in one transaction; from the start again where others came between."""
    for _ in range(TRIES):
        try:
            with transaction.atomic():
                _go_by_keys()
                return work()
        except Stale:
            pass
        except (OperationalError, IntegrityError) as error:
            if getattr(error.__cause__, "sqlstate", None) not in COLLISIONS:
                raise
    raise Busy


class _HeldDesk(Desk):
    """A desk for one of many groups in a transaction: what lies on it is locked row by row.

    A lock on every code and ref of an upload would be more than the server has room for. Where
    somebody else claims one of them at the same time, the constraints say so.
    """

    LOCKS = False


def _held(entries: list[Entry], areas: frozenset[int] | None, ours: set[str]) -> Desk:
    """A desk on which every bag is locked; `ours` are the codes of those that already are."""
    while True:
        desk = _HeldDesk(entries, areas=areas)
        others = desk.bags.keys() - ours
        if not others:
            return desk
        ours |= _lock(others)


def _lock(codes: Iterable[str]) -> set[str]:
    """Have these bags to ourselves until the transaction ends; the codes of those that exist."""
    with connection.cursor() as cursor:
        cursor.execute(sql("scans.lock_bags"), {"codes": list(codes)})
        return {code for (code,) in cursor.fetchall()}


def _go_by_keys() -> None:
    # Nothing here reads a whole table. PostgreSQL checks foreign keys with plans that it made for
    # this connection's first rows; made for empty tables, they would read everything every time.
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")


def _verdict(desk: Desk, row: tuple[Entry, T] | Problem, settle: Settle[T]) -> Verdict:
    if isinstance(row, Problem):
        return Verdict.refused(row)
    try:
        return Verdict(settle(desk, *row))
    except Problem as problem:
        return Verdict.refused(problem)
