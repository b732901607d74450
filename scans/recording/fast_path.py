"""The fast path of bulk recording: rows that cannot be refused are recorded by a few statements.

Most rows of a day inspect an existing bag or put a new child into a parent with room. Rows that may
be refused, and all other rows about the same bags, are decided by rules.py, in order. The effects
of both come from transitions.py, and tests/scans/recording/test_fast_path.py compares the results.
docs/decisions/0008-bulk-fast-path.md
"""

import re
from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import NamedTuple
from uuid import UUID

from django.db import connection

from accounts.models import User
from bags.models import Area, BagType, Kind, State
from scans.ledger import LEDGER_COLUMNS, REGISTRATION_COLUMNS, REQUEST_COLUMNS, column_definitions
from scans.models import Scan, Step
from scans.recording.batching import Group
from scans.recording.record_scan import MAX_CLOCK_SKEW
from scans.recording.store import refresh_bag_ids
from scans.recording.transitions import STATE_WHEN_FILLED, TRANSITIONS, Transition
from scans.recording.unit_of_work import match_bag_type
from scans.scan_request import ScanRequest
from tracetrack.db.sql_files import sql
from tracetrack.errors.problem import Problem

# For fewer rows, the statements take longer than the rules.
MIN_ROWS = 200
# The files scans/sql/fast_path_….sql, in the order in which they run.
READ_SQL = ("lock", "codes", "refs", "needs_rules", "held_children", "propagate", "classification")
WRITE_SQL = ("links", "create_bags", "changes", "update_bags")
CREATING_STEPS = frozenset({Step.LINK, Step.REGISTER})
# The steps whose rows it can record: with the kind of bag, as in transitions.py.
FAST_TRANSITIONS = (
    (Step.INSPECT, Kind.PARENT),
    (Step.INSPECT, Kind.CHILD),
    (Step.REGISTER, Kind.PARENT),
    (Step.REGISTER, Kind.CHILD),
    (Step.LINK, Kind.CHILD),
    (Step.COMPLETE, Kind.PARENT),
    (Step.DISPATCH, Kind.PARENT),
    (Step.RECEIVE, Kind.PARENT),
)
STAGED_COLUMNS = (
    "n", "is_plain", "ref", "step", "code", "parent_code", "area_id", "actor_id",
    *REQUEST_COLUMNS,
    "kind", "bag_type_id", "parent_kind", "parent_type_id", "register_ref", "parent_register_ref",
)  # fmt: skip
NULL = "\\N"
NO_NEW_BAGS = "\t".join([NULL] * 6)
_COPY_SPECIAL = re.compile(r"[\\\t\n\r]")
_COPY_ESCAPES = {"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"}


class Classification(NamedTuple):
    """The numbers of rows that need the rules, and of the others those that change nothing.

    `locked_codes` are the codes of bags in rows that need the rules and that are locked already.
    """

    need_rules: frozenset[int]
    already: frozenset[int]
    locked_codes: frozenset[str]


class FastPath:
    """Stages, classifies and writes groups of rows, with the areas and bag types read at creation.

    With `checks_refs`, refs are looked up in the ledger before rows are written. Without, a known
    ref makes write() raise IntegrityError.
    """

    def __init__(self, now: datetime, *, checks_refs: bool) -> None:
        self.checks_refs = checks_refs
        self._now, self._latest = now, now + MAX_CLOCK_SKEW
        self._areas = {area.code: area for area in Area.objects.all()}
        self._bag_types = list(BagType.objects.order_by("id"))

    def stage(self, group: Group[User]) -> str | None:
        """Return the rows in COPY format, None for so few that the rules are faster."""
        rows = [(n, *row) for n, row in enumerate(group) if not isinstance(row, Problem)]
        return "".join([self._line(*row) for row in rows]) if len(rows) >= MIN_ROWS else None

    def classify(self, staged: str) -> Classification:
        """Lock the bags that these rows change, and find the rows that cannot be refused."""
        with connection.cursor() as cursor:
            cursor.execute(_statements("tables"))
            columns = ", ".join(STAGED_COLUMNS)
            with cursor.copy(f"COPY fast_path_requests ({columns}) FROM STDIN") as copy:
                copy.write(staged)
            cursor.execute(_statements(*READ_SQL), {"checks_refs": self.checks_refs})
            while cursor.nextset():
                pass
            return Classification(*(frozenset(found or ()) for found in cursor.fetchone()))

    def write(self, scans: Sequence[tuple[int, Scan]]) -> None:
        """Apply the rows that do not need the rules; write all ledger rows in row order.

        `scans` are the ledger rows that the rules produced, with the numbers of their rows.
        """
        refresh_bag_ids(scan for _, scan in scans)
        lines = [_ledger_line(n, seq, scan) for seq, (n, scan) in enumerate(scans)]
        columns = ", ".join(("n", "seq", *LEDGER_COLUMNS))
        with connection.cursor() as cursor:
            cursor.execute(_statements(*WRITE_SQL))
            if lines:
                with cursor.copy(f"COPY fast_path_scans ({columns}) FROM STDIN") as copy:
                    copy.write("".join(lines))
            cursor.execute(_statements("ledger"), {"now": self._now})

    def _line(self, n: int, request: ScanRequest, actor: User) -> str:
        area = self._areas.get(request.area)
        is_plain = (
            area is not None
            and area.active
            and request.scanned_at <= self._latest
            and not (request.lot or request.kind or request.force or request.undoes)
        )
        creates = is_plain and request.step in CREATING_STEPS
        new_bags = self._new_bags(request) if creates else NO_NEW_BAGS
        copied = "\t".join([_cell(getattr(request, name)) for name in REQUEST_COLUMNS])
        return (
            f"{n}\t{'t' if is_plain else 'f'}\t{request.ref.hex}\t{request.step}\t{request.code}\t"
            f"{request.parent_code or NULL}\t{area.pk if area else NULL}\t{actor.pk}\t"
            f"{copied}\t{new_bags}\n"
        )

    def _new_bags(self, request: ScanRequest) -> str:
        """Return the cells about the bags that the codes would become if they are new."""
        child = self._form(request.code)
        if request.parent_code is None:
            return f"{child}\t{NULL}\t{NULL}\t{NULL}\t{NULL}"
        refs = request.implicit_refs
        return (
            f"{child}\t{self._form(request.parent_code)}\t"
            f"{refs[request.code].hex}\t{refs[request.parent_code].hex}"
        )

    def _form(self, code: str) -> str:
        form = match_bag_type(code, self._bag_types)
        return f"{form[0]}\t{form[1].pk}" if form else f"{NULL}\t{NULL}"


@cache
def _statements(*names: str) -> str:
    """Return the SQL of these files, to be sent in one round trip."""
    text = ";\n".join(sql(f"scans.fast_path_{name}") for name in names)
    for placeholder, value in _placeholders().items():
        text = text.replace(f"{{{placeholder}}}", value)
    return text


def _placeholders() -> dict[str, str]:
    return {
        "request_definitions": column_definitions(REQUEST_COLUMNS),
        "ledger_definitions": column_definitions(LEDGER_COLUMNS),
        "ledger_columns": ", ".join(LEDGER_COLUMNS),
        "request_columns": ", ".join(REQUEST_COLUMNS),
        "request_values": ", ".join(f"request.{name}" for name in REQUEST_COLUMNS),
        "registration_columns": ", ".join(REGISTRATION_COLUMNS),
        "registration_values": ", ".join(f"request.{name}" for name in REGISTRATION_COLUMNS),
        "transitions": _transition_rows(),
        "state_when_filled": f"'{STATE_WHEN_FILLED[State.OPEN]}'",
        "new_child_state": f"'{TRANSITIONS[Step.REGISTER, Kind.CHILD].to_state}'",
    }


def _transition_rows() -> str:
    """Return the transitions as a VALUES list with an alias, to be joined by step and kind."""
    rows = ", ".join(_transition_row(*key, TRANSITIONS[key]) for key in FAST_TRANSITIONS)
    return (
        f"(VALUES {rows}) AS transition (step, kind, accepted_from, unexpected_from, to_state,"
        " area, bound_for, moves_children, needs_children, enters, stores_before)"
    )


def _transition_row(step: str, kind: str, how: Transition) -> str:
    cells = [
        f"'{step}'",
        f"'{kind}'",
        _array(how.applies_from | how.unexpected_from),
        _array(how.unexpected_from),
        f"'{how.to_state}'" if how.to_state else "NULL",
        f"'{how.area}'",
        f"'{how.bound_for}'",
        str(how.moves_children).lower(),
        str(how.needs_children).lower(),
        _array(how.enters),
        str(how.stores_before).lower(),
    ]
    return f"({', '.join(cells)})"


def _array(states: frozenset[State]) -> str:
    return f"ARRAY[{', '.join(repr(str(state)) for state in sorted(states))}]::text[]"


def _ledger_line(n: int, seq: int, scan: Scan) -> str:
    cells = (getattr(scan, name) for name in LEDGER_COLUMNS)
    return "\t".join([str(n), str(seq), *map(_cell, cells)]) + "\n"


def _cell(value: object) -> str:
    if isinstance(value, str):
        return _COPY_SPECIAL.sub(_escape, value) if _COPY_SPECIAL.search(value) else value
    if value is None:
        return NULL
    if isinstance(value, datetime):
        return value.isoformat()
    return value.hex if isinstance(value, UUID) else str(value)


def _escape(found: re.Match[str]) -> str:
    return _COPY_ESCAPES[found[0]]
