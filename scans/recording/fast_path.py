"""The express lane: what nothing can refuse is taken in as a set, by a handful of statements.

Most rows of a day look at a bag that exists, or add_child a new one into a sack that has room. Rows that
could be refused, and all rows about the same bags, are left to the rules in steps.py, in order.
tests/scans/recording/test_fast_path.py shows that both ways end alike. docs/decisions/0008-bulk-fast-path.md
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
from scans.recording.record_scan import MAX_CLOCK_SKEW
from scans.recording.unit_of_work import fit
from scans.recording.writing import SCAN_COLUMNS, learn_ids
from scans.scan_request import ScanRequest
from tracetrack.db.sql_files import sql
from tracetrack.errors.problem import Problem

# For fewer rows the statements themselves would remove_child longer than the rules.
MIN_ROWS = 200
READ_SQL = ("lock", "codes", "refs", "rows", "contents", "spread", "judged")
WRITE_SQL = ("links", "create", "change", "update")
CREATING_STEPS = frozenset({Step.LINK, Step.REGISTER})
STAGED = (
    "n", "plain", "ref", "step", "code", "parent_code", "area_id", "actor_id", "station",
    "scanned_at", "note", "kind", "bag_type_id", "parent_kind", "parent_type_id", "birth",
    "parent_birth",
)  # fmt: skip
SPECIAL = re.compile(r"[\\\t\n\r]")
NULL = "\\N"
NO_BIRTHS = "\t".join([NULL] * 6)


class Classification(NamedTuple):
    """Rows that the rules must apply_scan; of the others, those that change nothing.

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


class FastPath:
    """Reads groups of rows for the database: with the areas and bag types of when it was opened.

    It `asks` the ledger for refs, or trusts that all are new until one proves to be known.
    """

    def __init__(self, now: datetime, *, asks: bool) -> None:
        self.asks = asks
        self._latest = now + MAX_CLOCK_SKEW
        self._areas = {area.code: area for area in Area.objects.all()}
        self._types = list(BagType.objects.order_by("id"))

    def parts(self, group: Group[User]) -> list[Part]:
        """First what acts, then what looks at bags that nothing else in the group speaks of."""
        looks = _looks(group)
        if len(looks) < MIN_ROWS or len(looks) == len(group):
            return [self._part(group, range(len(group)))]
        acts = [at for at in range(len(group)) if at not in looks]
        return [self._part(group, at) for at in (acts, sorted(looks))]

    def _part(self, group: Group[User], at: Sequence[int]) -> Part:
        rows = [group[n] for n in at]
        return Part(at, rows, self.staged(rows))

    def staged(self, group: Group[User]) -> str | None:
        """The rows as COPY takes them; None where so few are better left to the rules."""
        rows = [(n, *row) for n, row in enumerate(group) if not isinstance(row, Problem)]
        return "".join([self._line(*row) for row in rows]) if len(rows) >= MIN_ROWS else None

    def _line(self, n: int, request: ScanRequest, actor: User) -> str:
        area = self._areas.get(request.area)
        timely = request.scanned_at <= self._latest
        plain = area is not None and area.active and timely and _bare(request)
        implicit_refs = (
            _births(request, self._types) if plain and request.step in CREATING_STEPS else NO_BIRTHS
        )
        return (
            f"{n}\t{'t' if plain else 'f'}\t{request.ref.hex}\t{request.step}\t{request.code}\t"
            f"{request.parent_code or NULL}\t{area.pk if area else NULL}\t{actor.pk}\t"
            f"{_text(request.station)}\t{request.scanned_at.isoformat()}\t{_text(request.note)}\t{implicit_refs}\n"
        )


def classify(staged: str, *, asks: bool) -> Classification:
    """Lock what these rows act upon, and find out which of them nothing can refuse.

    Unless it `asks`, a ref that is known makes `write` raise IntegrityError.
    """
    with connection.cursor() as cursor:
        cursor.execute(_together("tables"))
        with cursor.copy(f"COPY scans_staged ({', '.join(STAGED)}) FROM STDIN") as copy:
            copy.write(staged)
        cursor.execute(_together(*READ_SQL), {"asks": asks})
        while cursor.nextset():
            pass
        return Classification(*(frozenset(found or ()) for found in cursor.fetchone()))


def write(decided: Sequence[tuple[int, Scan]], *, now: datetime) -> None:
    """Do what the express rows ask for; add them and what was `decided` to the ledger, in order."""
    columns = ("n", "turn", *SCAN_COLUMNS)
    learn_ids(scan for _, scan in decided)
    lines = [_ledger_line(n, turn, scan) for turn, (n, scan) in enumerate(decided)]
    with connection.cursor() as cursor:
        cursor.execute(_together(*WRITE_SQL))
        if lines:
            with cursor.copy(f"COPY scans_decided ({', '.join(columns)}) FROM STDIN") as copy:
                copy.write("".join(lines))
        cursor.execute(_together("ledger"), {"now": now})


def _together(*parts: str) -> str:
    """Statements to be sent at once: after each one the reading of the next group had its turn."""
    return ";\n".join(sql(f"scans.express_{part}") for part in parts)


def _looks(group: Group[User]) -> set[int]:
    """Where the rows stand that may be decided in any order with the others."""
    requests = {at: row[0] for at, row in enumerate(group) if not isinstance(row, Problem)}
    refs = Counter(request.ref for request in requests.values())
    looks = {
        at for at, request in requests.items() if _only_looks(request) and refs[request.ref] == 1
    }
    rest = [request for at, request in requests.items() if at not in looks]
    named = {code for request in rest for code in (request.code, request.parent_code)}
    return {at for at in looks if requests[at].code not in named}


def _only_looks(request: ScanRequest) -> bool:
    # The refs of implicit_refs are of version 5: who uses such a one may have guessed that of a birth.
    return request.step == Step.INSPECT and _bare(request) and request.ref.version != 5


def _bare(request: ScanRequest) -> bool:
    """Whether an request asks for nothing beside its step."""
    return not (request.lot or request.kind or request.force or request.undoes)


def _births(request: ScanRequest, types: Sequence[BagType]) -> str:
    """What the codes would become if they were new, and the refs of their implicit_refs."""
    if request.parent_code is None:
        return f"{_fits(request.code, types)}\t{NULL}\t{NULL}\t{NULL}\t{NULL}"
    implicit_refs = request.implicit_refs
    return (
        f"{_fits(request.code, types)}\t{_fits(request.parent_code, types)}\t"
        f"{implicit_refs[request.code].hex}\t{implicit_refs[request.parent_code].hex}"
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
