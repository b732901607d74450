"""The express lane: what nothing can refuse is taken in as a set, by a handful of statements.

Most rows of a day look at a bag that exists, or put a new one into a sack that has room. Rows that
could be refused, and all rows about the same bags, are left to the rules in steps.py, in order.
tests/scans/test_express.py shows that both ways end alike. docs/decisions/0008-express-lane.md
"""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db import connection

from bags.models import Area, BagType
from scans.actions import AHEAD
from scans.desk import fit
from scans.entries import Entry
from scans.models import Scan, Step
from scans.writing import SCAN_COLUMNS, learn_ids
from tracetrack.models import User
from tracetrack.sql import sql

# For fewer rows the statements themselves would take longer than the rules.
WORTH_IT = 200
QUESTIONS = ("codes", "refs", "rows", "contents")
BEARS = frozenset({Step.LINK, Step.REGISTER})
STAGED = (
    "n", "plain", "ref", "step", "code", "parent_code", "area_id", "actor_id", "station",
    "scanned_at", "note", "kind", "bag_type_id", "parent_kind", "parent_type_id", "birth",
    "parent_birth",
)  # fmt: skip
SPECIAL = re.compile(r"[\\\t\n\r]")
NULL = "\\N"
NO_BIRTHS = (NULL,) * 6


class Asked(NamedTuple):
    """One row of a group: where it stands, what it asks for, and who scanned."""

    n: int
    entry: Entry
    actor: User


class Judged(NamedTuple):
    """Rows that the rules must decide; of the others, those that change nothing.

    `locked` are the codes of the bags that the rules find locked already.
    """

    hard: frozenset[int]
    already: frozenset[int]
    locked: frozenset[str]


def judge(rows: Sequence[Asked], *, now: datetime) -> Judged:
    """Lock what these rows act upon, and find out which of them nothing can refuse."""
    staged = "".join(_lines(rows, now))
    with connection.cursor() as cursor:
        cursor.execute(sql("scans.express_tables"))
        with cursor.copy(f"COPY scans_staged ({', '.join(STAGED)}) FROM STDIN") as copy:
            copy.write(staged)
        cursor.execute(sql("scans.express_lock"))
        for part in QUESTIONS:
            cursor.execute(sql(f"scans.express_{part}"))
        spread = sql("scans.express_spread")
        cursor.execute(spread)
        while cursor.rowcount:
            cursor.execute(spread)
        cursor.execute(sql("scans.express_judged"))
        return Judged(*(frozenset(found or ()) for found in cursor.fetchone()))


def write(decided: Sequence[tuple[int, Scan]], *, now: datetime) -> None:
    """Do what the express rows ask for; add them and what was `decided` to the ledger, in order."""
    columns = ("n", "turn", *SCAN_COLUMNS)
    learn_ids(scan for _, scan in decided)
    lines = [_ledger_line(n, turn, scan) for turn, (n, scan) in enumerate(decided)]
    with connection.cursor() as cursor:
        for part in ("links", "create", "change"):
            cursor.execute(sql(f"scans.express_{part}"))
        if lines:
            with cursor.copy(f"COPY scans_decided ({', '.join(columns)}) FROM STDIN") as copy:
                copy.write("".join(lines))
        cursor.execute(sql("scans.express_ledger"), {"now": now})


def _lines(rows: Sequence[Asked], now: datetime) -> Iterable[str]:
    areas = {area.code: area for area in Area.objects.all()}
    types = list(BagType.objects.order_by("id"))
    latest = now + AHEAD
    for n, entry, actor in rows:
        area = areas.get(entry.area)
        plain = area is not None and area.active and entry.scanned_at <= latest and _bare(entry)
        births = _births(entry, types) if plain and entry.step in BEARS else NO_BIRTHS
        place = area.pk if area else NULL
        yield (
            f"{n}\t{'t' if plain else 'f'}\t{entry.ref.hex}\t{entry.step}\t{entry.code}\t"
            f"{entry.parent_code or NULL}\t{place}\t{actor.pk}\t{_text(entry.station)}\t"
            f"{entry.scanned_at.isoformat()}\t{_text(entry.note)}\t" + "\t".join(births) + "\n"
        )


def _bare(entry: Entry) -> bool:
    """Whether an entry asks for nothing beside its step."""
    return not (entry.lot or entry.kind or entry.force or entry.undoes)


def _births(entry: Entry, types: Sequence[BagType]) -> tuple[str, ...]:
    """What the codes would become if they were new, and the refs of their births."""
    kind, bag_type = _fits(entry.code, types)
    if entry.parent_code is None:
        return kind, bag_type, NULL, NULL, NULL, NULL
    parent_kind, parent_type = _fits(entry.parent_code, types)
    births = entry.births
    return (
        kind, bag_type, parent_kind, parent_type,
        births[entry.code].hex, births[entry.parent_code].hex,
    )  # fmt: skip


def _fits(code: str, types: Sequence[BagType]) -> tuple[str, str]:
    fits = fit(code, types)
    return (str(fits[0]), str(fits[1].pk)) if fits else (NULL, NULL)


def _ledger_line(n: int, turn: int, scan: Scan) -> str:
    cells = (getattr(scan, name) for name in SCAN_COLUMNS)
    return "\t".join([str(n), str(turn), *map(_cell, cells)]) + "\n"


def _cell(value: object) -> str:
    if value is None:
        return NULL
    if isinstance(value, datetime):
        return value.isoformat()
    return value.hex if isinstance(value, UUID) else _text(str(value))


def _text(text: str) -> str:
    return SPECIAL.sub(_escaped, text) if SPECIAL.search(text) else text


def _escaped(found: re.Match[str]) -> str:
    return {"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"}[found[0]]
