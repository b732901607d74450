"""What a bag was at a moment of the past: its own ledger, told up to there.

The ledger of a bag at an instant is the longest run of its rows, in the order in which they were
accepted, that were recorded by then. It never changes afterwards. docs/decisions/0025-point-in-time-state.md says why.
Of a bag with a very long past the newest part is looked at; docs/decisions/0028-trace-limits.md says how much.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection

from bags.models import Bag, Kind, State
from scans.history.verification import Told, tell
from scans.models import Step
from tracetrack.db.sql_files import sql

IN = (Step.LINK, Step.MOVE)
OUT = (Step.UNLINK, Step.MOVE, Step.RETURN)
# Of the scans of a bag, and of those that put something into it, and that took something out: so
# many of the newest are looked at, and so many of what they changed is told.
MOST_ROWS, MOST_ACTS = 50_000, 10_000


class Act(NamedTuple):
    """Who did what, when and where; people and areas by their ids."""

    id: int
    step: str
    scanned_at: datetime
    recorded_at: datetime
    actor: int
    area: int


class Line(NamedTuple):
    """An applied row of the ledger, and what undid it."""

    act: Act
    step: str
    bag_id: int
    parent_id: int | None
    was_parent_id: int | None
    area_id: int
    was_area_id: int | None
    undo: Act | None


class Ledger(NamedTuple):
    """The lines of a bag's ledger, as accepted; `whole` unless older ones were not looked at."""

    lines: list[Line]
    whole: bool


@dataclass(slots=True)
class Stay:
    """A child lay in a parent; `left` is None while it does."""

    child: int
    parent: int
    entered: Act
    left: Act | None = None


@dataclass(slots=True, kw_only=True)
class Position:
    """Where a bag was, and what lay in it. Areas and bags by their ids."""

    state: str
    area: int
    bound_for: int | None = None
    parent: int | None = None
    children: frozenset[int] = frozenset()


def ledger(bag: Bag, at: datetime | None = None) -> Ledger:
    """What changed `bag` or what lay in it, as accepted; with `at`, as it was known then.

    Index: scan_of_bag. Index: scan_of_parent. Index: scan_out_of_parent.
    """
    bounds = {"bag": bag.pk, "rows": MOST_ROWS, "acts": MOST_ACTS + 1}
    with connection.cursor() as cursor:
        cursor.execute(sql("scans.ledger_of"), bounds)
        lines = [_line(row) for row in cursor.fetchall()]
        cursor.execute(sql("scans.is_long"), bounds)
        (long,) = cursor.fetchone()
    whole = not long and len(lines) <= MOST_ACTS
    newest = lines[-MOST_ACTS:]
    return Ledger(newest if at is None else _known_by(newest, at), whole)


def position(bag: Bag, lines: Sequence[Line]) -> Position | None:
    """What `bag` was when its ledger ended so; None before it was registered.

    A child in a parent is where its parent is: ask for that one's.
    """
    valid = [line for line in lines if line.undo is None]
    if not valid:
        return None
    return _of_parent(bag, valid) if bag.kind == Kind.PARENT else _of_child(valid[-1])


def stays(lines: Iterable[Line]) -> list[Stay]:
    """Which child lay in which parent between which acts, in the order of entering."""
    found: list[Stay] = []
    inside: dict[int, Stay] = {}
    for act, child, left, entered in sorted(_turns(lines)):
        if left is not None and child in inside:
            inside.pop(child).left = act
        if entered is not None:
            inside[child] = Stay(child, entered, act)
            found.append(inside[child])
    return found


def _line(row: Sequence[Any]) -> Line:
    undo = Act(*row[12:]) if row[12] is not None else None
    return Line(Act(*row[:6]), row[6], row[7], row[8], row[9], row[10], row[11], undo)


def _known_by(lines: Iterable[Line], at: datetime) -> list[Line]:
    acts = [act for line in lines for act in (line.act, line.undo) if act is not None]
    end = min((act.id for act in acts if act.recorded_at > at), default=None)
    if end is None:
        return list(lines)
    return [
        line if line.undo is None or line.undo.id < end else line._replace(undo=None)
        for line in lines
        if line.act.id < end
    ]


def _of_child(last: Line) -> Position:
    """The last row that counts says it all."""
    if last.step in IN:
        return Position(state=State.LINKED, area=0, parent=last.parent_id)
    if last.step == Step.UNLINK:
        # It stays where its parent was.
        return Position(state=State.LOOSE, area=last.was_area_id or last.area_id)
    state = State.RETURNED if last.step == Step.RETURN else State.LOOSE
    return Position(state=state, area=last.area_id)


def _of_parent(bag: Bag, valid: Iterable[Line]) -> Position:
    told: defaultdict[int, Told] = defaultdict(lambda: Told(Kind.CHILD, 0, bag.weight))
    sack = told[bag.pk] = Told(Kind.PARENT, bag.capacity or 0, bag.weight)
    for line in valid:
        tell(told, line)
    return Position(
        state=sack.state,
        area=sack.area,
        bound_for=sack.bound_for,
        children=frozenset(sack.children),
    )


def _turns(lines: Iterable[Line]) -> Iterable[tuple[Act, int, int | None, int | None]]:
    """Each act by which a child left a parent, or entered one, or both."""
    for line in lines:
        left = line.was_parent_id if line.step in OUT else None
        entered = line.parent_id if line.step in IN else None
        if left is None and entered is None:
            continue
        yield line.act, line.bag_id, left, entered
        if line.undo is not None:
            yield line.undo, line.bag_id, entered, left
