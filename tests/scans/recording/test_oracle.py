"""record_scan() against the model: the same verdicts, the same bags, the same ledger."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from accounts.roles import Role
from bags.models import Area, Bag
from scans.models import Scan
from scans.recording.record_scan import record_scan
from scans.scan_request import parse_scan_request
from tests.factories import make_area, make_bag_type, make_batch, make_user
from tests.oracle import STEPS, Model
from tests.oracle_tables import Batch
from tracetrack.errors.problem import Problem

AREAS = ["hisar", "akola", "ranchi"]
# Small sacks fill quickly; the third type has its own codes.
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
STRANGE = ["NOSUCHBAG", "a", ""]
START = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)
FIELDS = [
    "code", "kind", "bag_type__name", "area__code", "batch__code", "state", "parent__code",
    "bound_for__code",
]  # fmt: skip


@dataclass(frozen=True)
class Person:
    name: str
    role: str
    areas: tuple[str, ...]

    @property
    def office(self):
        return self.role == Role.OFFICE

    @property
    def scope(self):
        return None if self.office else frozenset(self.areas)


PEOPLE = [
    Person("ben", Role.OFFICE, ()),
    Person("asha", Role.OPERATOR, tuple(AREAS)),
    Person("dev", Role.OPERATOR, ("hisar",)),
]


def one_of(*weighted):
    """A choice among lists, each as often as its weight."""
    return st.sampled_from([things for things, weight in weighted for _ in range(weight)]).flatmap(
        st.sampled_from
    )


acts = st.fixed_dictionaries(
    {
        "person": one_of((PEOPLE[:2], 8), (PEOPLE[2:], 1)),
        "step": one_of((["link"], 12), (list(STEPS), 11), (["undo"], 3), (["teleport", ""], 1)),
        "code": one_of((CHILDREN, 8), (PARENTS, 8), (STRANGE, 1)),
        "child": st.sampled_from(CHILDREN),
        "parent": one_of((PARENTS, 12), (CHILDREN[:1], 1), (STRANGE, 1)),
        "fitting": st.sampled_from([True, True, True, True, False]),
        "area": one_of((AREAS, 12), (["atlantis"], 1)),
        "minutes": st.sampled_from([0, 1, 1, 2, 20]),
        "again": st.sampled_from([None, None, None, None, None, "same", "other"]),
        "ahead": st.sampled_from([0, 0, 0, 0, -10_000, 10, 11]),
        "force": st.sampled_from([False, False, False, True]),
        "note": st.sampled_from(["", "why"]),
        "back": st.integers(1, 4),
        "kind": st.sampled_from([None, None, "parent", "child"]),
    }
)


class Both:
    """The product and the model, asked the same."""

    def __init__(self):
        self.model = Model(types=TYPES, areas=frozenset(AREAS), batches=dict(BATCHES))
        self.now = START
        self.sent = []
        self.people = {}

    def prepare(self):
        for area in AREAS:
            make_area(area)
        for name, (_, _, capacity) in TYPES.items():
            make_bag_type(name, capacity=capacity)
        self.people = {p.name: make_user(p.name, p.role, p.areas) for p in PEOPLE}
        for code, batch in BATCHES.items():
            held = {"held_by": self.people["ben"]} if batch.held else {}
            state = "closed" if batch.closed else "open"
            make_batch(code, batch.bag_type, state=state, **held)

    def act(self, act):
        """The verdicts of both on one act."""
        self.now += timedelta(minutes=act["minutes"])
        person = act["person"]
        row = self._row(act) | {"actor": person.name}
        self.sent.append(row)
        target = row.get("undoes")
        asked = dict(row)
        if row["step"] == "undo":
            asked["undoes"] = self._id_of(target)
        theirs = self.model.scan(row, now=self.now, office=person.office, scope=person.scope)
        return self._ask(person, asked), theirs

    def _ask(self, person, row):
        actor = self.people[person.name]
        try:
            return record_scan(
                actor=actor, scan_request=parse_scan_request(row), now=self.now
            ).verdict
        except Problem as problem:
            return problem.code

    def _row(self, act):
        if act["again"] == "same" and self.sent:
            return self.sent[-min(act["back"], len(self.sent))]
        linking = act["step"] in ("link", "move")
        ref = UUID(int=len(self.sent) + 1)
        if act["again"] == "other" and self.model.refs:
            ref = list(self.model.refs)[-1]
        scanned_at = self.now + timedelta(minutes=act["ahead"])
        row = {
            "ref": str(ref),
            "code": act["child"] if linking and act["fitting"] else act["code"],
            "parent_code": act["parent"] if linking != (not act["fitting"]) else "",
            "step": act["step"],
            "area": act["area"],
            "scanned_at": scanned_at.isoformat(),
            "force": act["force"],
            "note": act["note"],
            "kind": act["kind"],
        }
        if act["step"] == "undo":
            ledger = [line for line in self.model.ledger if line.ref is not None]
            row["undoes"] = ledger[-act["back"]] if len(ledger) >= act["back"] else None
            if row["undoes"] is not None and act["fitting"]:
                row |= {"code": row["undoes"].code, "parent_code": ""}
        return row

    def _id_of(self, line):
        # A number that no scan has.
        return Scan.objects.get(ref=line.ref).pk if line else 2**62

    def check_tables(self):
        """Both remember the same bags and the same ledger."""
        bags = {row[0]: row for row in Bag.objects.values_list(*FIELDS)}
        assert bags == {
            b.code: (
                b.code, b.kind, b.bag_type, b.area, b.batch, b.state, b.parent, b.bound_for,
            )
            for b in self.model.bags.values()
        }  # fmt: skip
        counts = dict(Bag.objects.filter(kind="parent").values_list("code", "child_count"))
        inside = {b.code: len(self.model.contents[b.code]) for b in self.model.bags.values()}
        assert counts == {code: inside[code] for code in counts}
        for bag in Bag.objects.filter(kind="parent"):
            assert bag.weight == bag.child_count
        columns = ["step", "bag__code", "outcome", "unexpected", "forced", "actor__username"]
        ledger = list(Scan.objects.order_by("pk").values_list(*columns))
        assert ledger == [
            (line.step, line.code, line.outcome, line.unexpected, line.forced, line.actor)
            for line in self.model.ledger
        ]


@pytest.mark.django_db
class TestRecordScan:
    # Without shrinking, which takes minutes: the message shows the act that parted the two.
    @settings(
        max_examples=50,
        deadline=None,
        phases=[Phase.explicit, Phase.reuse, Phase.generate],
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )
    @given(st.lists(acts, min_size=10, max_size=60))
    def test_says_and_does_what_the_model_does(self, sequence):
        both = Both()
        with transaction.atomic():
            both.prepare()
            for act in sequence:
                ours, theirs = both.act(act)
                assert ours == theirs, act
            both.check_tables()
            transaction.set_rollback(True)
        assert not Area.objects.exists()
