"""The verification of the ledger: replaying it from its first row must give the bags as they are.

Deliberately a second implementation of the steps. It shares no code with scans/recording, so that a
mistake there cannot hide here, and nothing in production imports it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal

from django.db import connection, transaction

from bags.models import Bag
from scans.models import Outcome, Scan

ROWS_PER_FETCH = 5000
STATE_AFTER = {
    "complete": "complete",
    "reopen": "open",
    "dispatch": "dispatched",
    "receive": "received",
    "return": "returned",
}
# Steps that change no bag; an undo counts through the row that it undoes.
STEPS_WITHOUT_EFFECT = frozenset({"inspect", "undo"})
KNOWN_STEPS = frozenset({"register", "link", "unlink", "move", *STATE_AFTER})


@dataclass(slots=True)
class BagState:
    """A bag as the ledger has it; areas and bags by id."""

    kind: str
    capacity: int
    weight: Decimal
    state: str = ""
    area: int = 0
    bound_for: int | None = None
    parent: int | None = None
    children: set[int] = field(default_factory=set)


def find_differences() -> Iterator[str]:
    """Yield a sentence for each row with an unknown step and each bag that differs, by id.

    Reads ledger and bags in one snapshot. Holds all bags in memory, about 0.5 kB each.
    """
    in_transaction = connection.in_atomic_block
    with transaction.atomic(), connection.cursor() as cursor:
        if not in_transaction:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        states = _load_bags()
        yield from _replay(states)
        for bag in Bag.objects.order_by("id").iterator(ROWS_PER_FETCH):
            expected, found = _describe_state(states, bag.pk), _describe_bag(bag)
            if expected != found:
                yield f"{bag.code}: is {found}, the ledger says {expected}"


def _load_bags() -> dict[int, BagState]:
    columns = ("id", "kind", "capacity", "weight")
    return {
        pk: BagState(kind=kind, capacity=capacity or 0, weight=weight)
        for pk, kind, capacity, weight in Bag.objects.values_list(*columns).iterator(ROWS_PER_FETCH)
    }


def _replay(states: dict[int, BagState]) -> Iterator[str]:
    """Apply every row that has an effect to `states`; yield a sentence for each unknown step."""
    undone = set(Scan.objects.exclude(undoes=None).values_list("undoes", flat=True))
    applied = Scan.objects.filter(outcome=Outcome.APPLIED).exclude(step__in=STEPS_WITHOUT_EFFECT)
    for scan in applied.order_by("id").iterator(ROWS_PER_FETCH):
        if scan.step not in KNOWN_STEPS:
            yield f"scan {scan.pk}: the step {scan.step!r} is unknown"
        elif scan.pk not in undone:
            _apply(states, scan)


def _apply(states: dict[int, BagState], scan: Scan) -> None:
    bag = states[scan.bag_id]
    if scan.step in ("unlink", "move", "return") and bag.parent is not None:
        _remove_child(states, scan.bag_id)
    if scan.step == "register":
        bag.state = "open" if bag.kind == "parent" else "loose"
        bag.area = scan.area_id
    elif scan.step in ("link", "move"):
        _add_child(states, scan.bag_id, scan.parent_id or 0)
    bag.state = STATE_AFTER.get(scan.step, bag.state)
    if scan.step == "dispatch":
        _set_place(states, scan.bag_id, bag.area, scan.area_id)
    elif scan.step in ("receive", "return"):
        _set_place(states, scan.bag_id, scan.area_id, None)


def _add_child(states: dict[int, BagState], child_id: int, parent_id: int) -> None:
    child, parent = states[child_id], states[parent_id]
    child.parent, child.state = parent_id, "linked"
    child.area, child.bound_for = parent.area, parent.bound_for
    parent.children.add(child_id)
    if parent.state == "open" and len(parent.children) == parent.capacity:
        parent.state = "complete"


def _remove_child(states: dict[int, BagState], child_id: int) -> None:
    child = states[child_id]
    parent = states[child.parent or 0]
    parent.children.discard(child_id)
    if parent.state == "complete":
        parent.state = "open"
    child.parent, child.state, child.bound_for = None, "loose", None


def _set_place(states: dict[int, BagState], bag_id: int, area: int, bound_for: int | None) -> None:
    for pk in (bag_id, *states[bag_id].children):
        states[pk].area, states[pk].bound_for = area, bound_for


Description = tuple[str, int, int | None, int | None, int, Decimal]


def _describe_state(states: dict[int, BagState], pk: int) -> Description:
    bag = states[pk]
    weight = sum((states[child].weight for child in bag.children), Decimal(0))
    if bag.kind == "child":
        weight = bag.weight
    return bag.state, bag.area, bag.bound_for, bag.parent, len(bag.children), weight


def _describe_bag(bag: Bag) -> Description:
    return bag.state, bag.area_id, bag.bound_for_id, bag.parent_id, bag.child_count, bag.weight
