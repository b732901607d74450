"""Random scans, sent to the product and to the test oracle."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import strategies as st

from accounts.roles import Role
from bags.models import Bag
from scans.models import Scan
from scans.recording.record_scan import record_scan
from scans.scan_request import parse_scan_request
from tests.factories import make_area, make_bag_type, make_batch, make_user
from tests.oracle import ORACLE_STEPS, Batch, Oracle
from tracetrack.errors.problem import Problem

AREAS = ["hisar", "akola", "ranchi"]
# Small capacities, so that parents fill quickly.
TYPES = {"mustard": (r"SB\d{5,8}", r"CB\d{9}", 3), "moong": (r"M444-\d{5}", r"MG\d{9}", 2)}
BATCHES = {
    "LOT-OPEN": Batch("mustard"),
    "LOT-HELD": Batch("mustard", held=True),
    "LOT-CLOSED": Batch("mustard", closed=True),
    "LOT-MOONG": Batch("moong"),
}
PARENTS = ["SB10001", "sb10002", "M444-10001"]
CHILDREN = [
    "CB000000001", " cb000000002", "ＣＢ000000003", "CB000000004;LOT-OPEN",  # noqa: RUF001
    "CB000000005;LOT-HELD", "CB000000006;LOT-CLOSED", "CB000000007;LOT-MOONG", "MG000000001",
    "MG000000002;LOT-MOONG", "MG000000003",
]  # fmt: skip
INVALID_CODES = ["NOSUCHBAG", "a", ""]
START = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)
FIELDS = [
    "code", "kind", "bag_type__name", "area__code", "batch__code", "state", "parent__code",
    "bound_for__code",
]  # fmt: skip


@dataclass(frozen=True)
class Actor:
    name: str
    role: str
    areas: tuple[str, ...]

    @property
    def office(self):
        return self.role == Role.OFFICE

    @property
    def scope(self):
        return None if self.office else frozenset(self.areas)


ACTORS = [
    Actor("ben", Role.OFFICE, ()),
    Actor("asha", Role.OPERATOR, tuple(AREAS)),
    Actor("dev", Role.OPERATOR, ("hisar",)),
]


def weighted_choice(*weighted):
    """Choose a list by its weight, then one of its values."""
    return st.sampled_from([values for values, weight in weighted for _ in range(weight)]).flatmap(
        st.sampled_from
    )


actions = st.fixed_dictionaries(
    {
        "actor": weighted_choice((ACTORS[:2], 8), (ACTORS[2:], 1)),
        "step": weighted_choice(
            (["link"], 12), (list(ORACLE_STEPS), 11), (["undo"], 3), (["teleport", ""], 1)
        ),
        "code": weighted_choice((CHILDREN, 8), (PARENTS, 8), (INVALID_CODES, 1)),
        "child": st.sampled_from(CHILDREN),
        "parent": weighted_choice((PARENTS, 12), (CHILDREN[:1], 1), (INVALID_CODES, 1)),
        "is_valid": st.sampled_from([True, True, True, True, False]),
        "area": weighted_choice((AREAS, 12), (["atlantis"], 1)),
        "minutes": st.sampled_from([0, 1, 1, 2, 20]),
        "again": st.sampled_from([None, None, None, None, None, "same", "other"]),
        "clock_skew": st.sampled_from([0, 0, 0, 0, -10_000, 10, 11]),
        "force": st.sampled_from([False, False, False, True]),
        "note": st.sampled_from(["", "why"]),
        "back": st.integers(1, 4),
        "kind": st.sampled_from([None, None, "parent", "child"]),
    }
)


class OracleComparison:
    """Sends the same scans to the product and to the oracle."""

    def __init__(self):
        self.oracle = Oracle(types=TYPES, areas=frozenset(AREAS), batches=dict(BATCHES))
        self.now = START
        self.sent = []
        self.users = {}

    def prepare(self):
        for area in AREAS:
            make_area(area)
        for name, (_, _, capacity) in TYPES.items():
            make_bag_type(name, capacity=capacity)
        self.users = {p.name: make_user(p.name, p.role, p.areas) for p in ACTORS}
        for code, batch in BATCHES.items():
            held = {"held_by": self.users["ben"]} if batch.held else {}
            state = "closed" if batch.closed else "open"
            make_batch(code, batch.bag_type, state=state, **held)

    def perform(self, action):
        """Perform one action; return the verdicts of the product and of the oracle."""
        self.now += timedelta(minutes=action["minutes"])
        actor = action["actor"]
        row = self._row(action) | {"actor": actor.name}
        self.sent.append(row)
        target = row.get("undoes")
        request = dict(row)
        if row["step"] == "undo":
            request["undoes"] = self._id_of(target)
        expected = self.oracle.scan(row, now=self.now, office=actor.office, scope=actor.scope)
        return self._record(actor, request), expected

    def _record(self, actor, row):
        user = self.users[actor.name]
        try:
            return record_scan(
                actor=user, scan_request=parse_scan_request(row), now=self.now
            ).verdict
        except Problem as problem:
            return problem.code

    def _row(self, action):
        if action["again"] == "same" and self.sent:
            return self.sent[-min(action["back"], len(self.sent))]
        needs_parent = action["step"] in ("link", "move")
        ref = UUID(int=len(self.sent) + 1)
        if action["again"] == "other" and self.oracle.refs:
            ref = list(self.oracle.refs)[-1]
        scanned_at = self.now + timedelta(minutes=action["clock_skew"])
        row = {
            "ref": str(ref),
            "code": action["child"] if needs_parent and action["is_valid"] else action["code"],
            "parent_code": action["parent"] if needs_parent != (not action["is_valid"]) else "",
            "step": action["step"],
            "area": action["area"],
            "scanned_at": scanned_at.isoformat(),
            "force": action["force"],
            "note": action["note"],
            "kind": action["kind"],
        }
        if action["step"] == "undo":
            ledger = [line for line in self.oracle.ledger if line.ref is not None]
            row["undoes"] = ledger[-action["back"]] if len(ledger) >= action["back"] else None
            if row["undoes"] is not None and action["is_valid"]:
                row |= {"code": row["undoes"].code, "parent_code": ""}
        return row

    def _id_of(self, line):
        # Without a row: an id that no scan has.
        return Scan.objects.get(ref=line.ref).pk if line else 2**62

    def check_tables(self):
        """OracleComparison remember the same bags and the same ledger."""
        bags = {row[0]: row for row in Bag.objects.values_list(*FIELDS)}
        assert bags == {
            b.code: (
                b.code, b.kind, b.bag_type, b.area, b.batch, b.state, b.parent, b.bound_for,
            )
            for b in self.oracle.bags.values()
        }  # fmt: skip
        counts = dict(Bag.objects.filter(kind="parent").values_list("code", "child_count"))
        children = {b.code: len(self.oracle.contents[b.code]) for b in self.oracle.bags.values()}
        assert counts == {code: children[code] for code in counts}
        for bag in Bag.objects.filter(kind="parent"):
            assert bag.weight == bag.child_count
        columns = ["step", "bag__code", "outcome", "unexpected", "forced", "actor__username"]
        ledger = list(Scan.objects.order_by("pk").values_list(*columns))
        assert ledger == [
            (line.step, line.code, line.outcome, line.unexpected, line.forced, line.actor)
            for line in self.oracle.ledger
        ]
