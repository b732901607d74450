"""The express lane: what nothing can refuse is taken in as a set, by a handful of statements.

Most rows of a day look at a bag that exists, or put a new one into a sack that has room. Rows that
could be refused, and all rows about the same bags, are left to the rules in steps.py, in order.
tests/scans/test_express.py shows that both ways end alike. docs/decisions/0008-bulk-fast-path.md
"""

import re
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db import connection

from accounts.models import User
from bags.models import Area, BagType
from scans.models import Scan, Step
from scans.recording.batching import Group
from scans.recording.record_scan import AHEAD
from scans.recording.unit_of_work import fit
from scans.recording.writing import SCAN_COLUMNS, learn_ids
from scans.scan_request import Entry
from tracetrack.db.sql_files import sql
from tracetrack.errors.problem import Problem

# For fewer rows the statements themselves would take longer than the rules.
WORTH_IT = 200
QUESTIONS = ("lock", "codes", "refs", "rows", "contents", "spread", "judged")
DEEDS = ("links", "create", "change", "update")
BEARS = frozenset({Step.LINK, Step.REGISTER})
STAGED = (
    "n", "plain", "ref", "step", "code", "parent_code", "area_id", "actor_id", "station",
    "scanned_at", "note", "kind", "bag_type_id", "parent_kind", "parent_type_id", "birth",
    "parent_birth",
)  # fmt: skip
SPECIAL = re.compile(r"[\\\t\n\r]")
NULL = "\\N"
NO_BIRTHS = "\t".join([NULL] * 6)


class Judged(NamedTuple):
    """Rows that the rules must decide; of the others, those that change nothing.

    `locked` are the codes of the bags that the rules find locked already.
    """

    hard: frozenset[int]
    already: frozenset[int]
    locked: frozenset[str]


class Part(NamedTuple):
    """Rows that go together: where in their group they stand, they, and as COPY takes them."""

    at: Sequence[int]
    rows: Group[User]
    staged: str | None


class Lane:
    """Reads groups of rows for the database: with the areas and bag types of when it was opened.

    It `asks` the ledger for refs, or trusts that all are new until one proves to be known.
    """

    def __init__(self, now: datetime, *, asks: bool) -> None:
        self.asks = asks
        self._latest = now + AHEAD
        self._areas = {area.code: area for area in Area.objects.all()}
        self._types = list(BagType.objects.order_by("id"))

    def parts(self, group: Group[User]) -> list[Part]:
        """First what acts, then what looks at bags that nothing else in the group speaks of."""
        looks = _looks(group)
        if len(looks) < WORTH_IT or len(looks) == len(group):
            return [self._part(group, range(len(group)))]
        acts = [at for at in range(len(group)) if at not in looks]
        return [self._part(group, at) for at in (acts, sorted(looks))]

    def _part(self, group: Group[User], at: Sequence[int]) -> Part:
        rows = [group[n] for n in at]
        return Part(at, rows, self.staged(rows))

    def staged(self, group: Group[User]) -> str | None:
        """The rows as COPY takes them; None where so few are better left to the rules."""
        rows = [(n, *row) for n, row in enumerate(group) if not isinstance(row, Problem)]
        return "".join([self._line(*row) for row in rows]) if len(rows) >= WORTH_IT else None

    def _line(self, n: int, entry: Entry, actor: User) -> str:
        area = self._areas.get(entry.area)
        timely = entry.scanned_at <= self._latest
        plain = area is not None and area.active and timely and _bare(entry)
        births = _births(entry, self._types) if plain and entry.step in BEARS else NO_BIRTHS
        return (
            f"{n}\t{'t' if plain else 'f'}\t{entry.ref.hex}\t{entry.step}\t{entry.code}\t"
            f"{entry.parent_code or NULL}\t{area.pk if area else NULL}\t{actor.pk}\t"
            f"{_text(entry.station)}\t{entry.scanned_at.isoformat()}\t{_text(entry.note)}\t{births}\n"
        )


def judge(staged: str, *, asks: bool) -> Judged:
    """Lock what these rows act upon, and find out which of them nothing can refuse.

    Unless it `asks`, a ref that is known makes `write` raise IntegrityError.
    """
    with connection.cursor() as cursor:
        cursor.execute(_together("tables"))
        with cursor.copy(f"COPY scans_staged ({', '.join(STAGED)}) FROM STDIN") as copy:
            copy.write(staged)
        cursor.execute(_together(*QUESTIONS), {"asks": asks})
        while cursor.nextset():
            pass
        return Judged(*(frozenset(found or ()) for found in cursor.fetchone()))


def write(decided: Sequence[tuple[int, Scan]], *, now: datetime) -> None:
    """Do what the express rows ask for; add them and what was `decided` to the ledger, in order."""
    columns = ("n", "turn", *SCAN_COLUMNS)
    learn_ids(scan for _, scan in decided)
    lines = [_ledger_line(n, turn, scan) for turn, (n, scan) in enumerate(decided)]
    with connection.cursor() as cursor:
        cursor.execute(_together(*DEEDS))
        if lines:
            with cursor.copy(f"COPY scans_decided ({', '.join(columns)}) FROM STDIN") as copy:
                copy.write("".join(lines))
        cursor.execute(_together("ledger"), {"now": now})


def _together(*parts: str) -> str:
    """Statements to be sent at once: after each one the reading of the next group had its turn."""
    return ";\n".join(sql(f"scans.express_{part}") for part in parts)


def _looks(group: Group[User]) -> set[int]:
    """Where the rows stand that may be decided in any order with the others."""
    entries = {at: row[0] for at, row in enumerate(group) if not isinstance(row, Problem)}
    refs = Counter(entry.ref for entry in entries.values())
    looks = {at for at, entry in entries.items() if _only_looks(entry) and refs[entry.ref] == 1}
    rest = [entry for at, entry in entries.items() if at not in looks]
    named = {code for entry in rest for code in (entry.code, entry.parent_code)}
    return {at for at in looks if entries[at].code not in named}


def _only_looks(entry: Entry) -> bool:
    # The refs of births are of version 5: who uses such a one may have guessed that of a birth.
    return entry.step == Step.INSPECT and _bare(entry) and entry.ref.version != 5


def _bare(entry: Entry) -> bool:
    """Whether an entry asks for nothing beside its step."""
    return not (entry.lot or entry.kind or entry.force or entry.undoes)


def _births(entry: Entry, types: Sequence[BagType]) -> str:
    """What the codes would become if they were new, and the refs of their births."""
    if entry.parent_code is None:
        return f"{_fits(entry.code, types)}\t{NULL}\t{NULL}\t{NULL}\t{NULL}"
    births = entry.births
    return (
        f"{_fits(entry.code, types)}\t{_fits(entry.parent_code, types)}\t"
        f"{births[entry.code].hex}\t{births[entry.parent_code].hex}"
    )


def _fits(code: str, types: Sequence[BagType]) -> str:
    fits = fit(code, types)
    return f"{fits[0]}\t{fits[1].pk}" if fits else f"{NULL}\t{NULL}"


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
