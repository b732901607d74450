"""The state of a bag at a moment in the past, from its part of the ledger.

The ledger of a bag at a moment is the longest run of its rows, in the order of recording, that were
recorded by then; it never changes afterwards. docs/decisions/0025-point-in-time-state.md
For a bag with a very long history only the newest part is read. docs/decisions/0028-trace-limits.md
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection

from bags.models import Bag, Kind, State
from scans.models import Step
from scans.recording.transitions import (
    ENTERING_STEPS,
    LEAVING_STEPS,
    STATE_AFTER_REMOVAL,
    STATE_WHEN_FILLED,
    TRANSITIONS,
    area_after,
    destination_after,
)
from tracetrack.db.sql_files import sql

# The newest scans that are read for each of the three keys: of a bag, into it, out of it; and how
# many of those that changed something are returned.
MAX_SCANS_READ, MAX_CHANGES = 50_000, 10_000


class ScanStamp(NamedTuple):
    """The step, time and place of a scan; its actor and area by id."""

    id: int
    step: str
    scanned_at: datetime
    recorded_at: datetime
    actor: int
    area: int


class LedgerRow(NamedTuple):
    """An applied row of the ledger, and the undo that reversed it."""

    stamp: ScanStamp
    step: str
    bag_id: int
    parent_id: int | None
    was_parent_id: int | None
    area_id: int
    was_area_id: int | None
    undo: ScanStamp | None


class BagLedger(NamedTuple):
    """The rows of a bag's ledger in the order of recording; `is_whole` if none was left out."""

    rows: list[LedgerRow]
    is_whole: bool


@dataclass(slots=True)
class Membership:
    """A period in which a child was in a parent; `left` is None while it lasts."""

    child: int
    parent: int
    entered: ScanStamp
    left: ScanStamp | None = None


@dataclass(slots=True, kw_only=True)
class Position:
    """The state and place of a bag and the children in it. Areas and bags by id."""

    state: str
    area: int
    bound_for: int | None = None
    parent: int | None = None
    children: frozenset[int] = frozenset()


def bag_ledger(bag: Bag, at: datetime | None = None) -> BagLedger:
    """Return the applied rows that changed `bag` or its contents; with `at`, as known then.

    Index: scan_of_bag. Index: scan_of_parent. Index: scan_out_of_parent.
    """
    params = {"bag": bag.pk, "max_scans": MAX_SCANS_READ, "max_changes": MAX_CHANGES + 1}
    with connection.cursor() as cursor:
        cursor.execute(sql("scans.bag_ledger"), params)
        rows = [_ledger_row(row) for row in cursor.fetchall()]
        cursor.execute(sql("scans.exceeds_limit"), params)
        (exceeds_limit,) = cursor.fetchone()
    is_whole = not exceeds_limit and len(rows) <= MAX_CHANGES
    newest = rows[-MAX_CHANGES:]
    return BagLedger(newest if at is None else _known_at(newest, at), is_whole)


def position(bag: Bag, rows: Sequence[LedgerRow]) -> Position | None:
    """Return the state of `bag` after these rows, None before its registration.

    The area of a child in a parent is 0 here: use the position of the parent.
    """
    effective = [row for row in rows if row.undo is None]
    if not effective:
        return None
    if bag.kind == Kind.PARENT:
        return _parent_position(bag, effective)
    return _child_position(effective[-1])


def memberships(rows: Iterable[LedgerRow]) -> list[Membership]:
    """Return the periods in which children were in parents, by the time of entering."""
    found: list[Membership] = []
    current: dict[int, Membership] = {}
    for stamp, child, left, entered in sorted(_membership_changes(rows)):
        if left is not None and child in current:
            current.pop(child).left = stamp
        if entered is not None:
            current[child] = Membership(child, entered, stamp)
            found.append(current[child])
    return found


def _ledger_row(row: Sequence[Any]) -> LedgerRow:
    undo = ScanStamp(*row[12:]) if row[12] is not None else None
    return LedgerRow(ScanStamp(*row[:6]), row[6], row[7], row[8], row[9], row[10], row[11], undo)


def _known_at(rows: Iterable[LedgerRow], at: datetime) -> list[LedgerRow]:
    rows = list(rows)
    stamps = [stamp for row in rows for stamp in (row.stamp, row.undo) if stamp is not None]
    end = min((stamp.id for stamp in stamps if stamp.recorded_at > at), default=None)
    if end is None:
        return rows
    return [
        row if row.undo is None or row.undo.id < end else row._replace(undo=None)
        for row in rows
        if row.stamp.id < end
    ]


def _child_position(last: LedgerRow) -> Position:
    """Return the position of a child, which its last effective row determines."""
    if last.step in ENTERING_STEPS:
        return Position(state=State.LINKED, area=0, parent=last.parent_id)
    if last.step == Step.UNLINK:
        # The child stays where its parent was.
        return Position(state=State.LOOSE, area=last.was_area_id or last.area_id)
    transition = TRANSITIONS[last.step, Kind.CHILD]
    return Position(state=transition.to_state or State.LOOSE, area=last.area_id)


@dataclass(slots=True)
class _ParentState:
    """A parent while its ledger is replayed."""

    bag: Bag
    state: str = ""
    area: int = 0
    bound_for: int | None = None
    children: set[int] = field(default_factory=set)

    def apply(self, row: LedgerRow) -> None:
        if row.bag_id == self.bag.pk:
            self._apply_own(row)
            return
        if row.step in LEAVING_STEPS and row.bag_id in self.children:
            self.children.discard(row.bag_id)
            self.state = STATE_AFTER_REMOVAL.get(State(self.state), State(self.state))
        if row.step in ENTERING_STEPS and row.parent_id == self.bag.pk:
            self.children.add(row.bag_id)
            if len(self.children) == self.bag.capacity:
                self.state = STATE_WHEN_FILLED.get(State(self.state), State(self.state))

    def _apply_own(self, row: LedgerRow) -> None:
        transition = TRANSITIONS[row.step, Kind.PARENT]
        self.state = transition.to_state or self.state
        self.area = area_after(transition, self.area, row.area_id)
        self.bound_for = destination_after(transition, self.bound_for, row.area_id)


def _parent_position(bag: Bag, rows: Iterable[LedgerRow]) -> Position:
    parent = _ParentState(bag)
    for row in rows:
        parent.apply(row)
    return Position(
        state=parent.state,
        area=parent.area,
        bound_for=parent.bound_for,
        children=frozenset(parent.children),
    )


def _membership_changes(
    rows: Iterable[LedgerRow],
) -> Iterator[tuple[ScanStamp, int, int | None, int | None]]:
    """Yield each scan by which a child left a parent, entered one, or both."""
    for row in rows:
        left = row.was_parent_id if row.step in LEAVING_STEPS else None
        entered = row.parent_id if row.step in ENTERING_STEPS else None
        if left is None and entered is None:
            continue
        yield row.stamp, row.bag_id, left, entered
        if row.undo is not None:
            yield row.undo, row.bag_id, entered, left
