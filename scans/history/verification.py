"""The proof of rule 7: the ledger replayed from its first row gives the bags as they are.

Deliberately a second telling of what the steps do, in the fewest words: it shares no code with
steps.py, so that a mistake there cannot hide here.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Protocol

from django.db import connection, transaction

from bags.models import Bag
from scans.models import Outcome, Scan

ROWS_AT_ONCE = 5000
SETTLED = {
    "complete": "complete",
    "reopen": "open",
    "dispatch": "dispatched",
    "receive": "received",
    "return": "returned",
}


class Row(Protocol):
    """What is read of a row of the ledger."""

    @property
    def step(self) -> str: ...
    @property
    def bag_id(self) -> int: ...
    @property
    def parent_id(self) -> int | None: ...
    @property
    def area_id(self) -> int: ...


@dataclass(slots=True)
class Told:
    """A bag as the ledger tells it."""

    kind: str
    capacity: int
    weight: Decimal
    state: str = ""
    area: int = 0
    bound_for: int | None = None
    parent: int | None = None
    children: set[int] = field(default_factory=set)


def find_differences() -> Iterator[str]:
    """A sentence for each bag that is not what the ledger says, in the order of ids.

    Reads both in one snapshot; keeps every bag in memory (about 0.5 kB each).
    """
    within = connection.in_atomic_block
    with transaction.atomic(), connection.cursor() as cursor:
        if not within:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        told = _told()
        for bag in Bag.objects.order_by("id").iterator(ROWS_AT_ONCE):
            should_be, is_now = _described(told, bag.pk), _seen(bag)
            if should_be != is_now:
                yield f"{bag.code}: is {is_now}, the ledger says {should_be}"


def _told() -> dict[int, Told]:
    columns = ("id", "kind", "capacity", "weight")
    told = {
        pk: Told(kind=kind, capacity=capacity or 0, weight=weight)
        for pk, kind, capacity, weight in Bag.objects.values_list(*columns).iterator(ROWS_AT_ONCE)
    }
    undone = set(Scan.objects.exclude(undoes=None).values_list("undoes", flat=True))
    applied = Scan.objects.filter(outcome=Outcome.APPLIED).exclude(step__in=["undo", "inspect"])
    for scan in applied.order_by("id").iterator(ROWS_AT_ONCE):
        if scan.pk not in undone:
            tell(told, scan)
    return told


def tell(told: dict[int, Told], scan: Row) -> None:
    """What one row that counts did to the bags."""
    bag = told[scan.bag_id]
    if scan.step in ("unlink", "move", "return") and bag.parent is not None:
        _leave(told, scan.bag_id)
    if scan.step == "register":
        bag.state = "open" if bag.kind == "parent" else "loose"
        bag.area = scan.area_id
    elif scan.step in ("link", "move"):
        _enter(told, scan.bag_id, scan.parent_id or 0)
    bag.state = SETTLED.get(scan.step, bag.state)
    if scan.step == "dispatch":
        _bring(told, scan.bag_id, bag.area, scan.area_id)
    elif scan.step in ("receive", "return"):
        _bring(told, scan.bag_id, scan.area_id, None)


def _enter(told: dict[int, Told], child: int, parent: int) -> None:
    bag, sack = told[child], told[parent]
    bag.parent, bag.state, bag.area, bag.bound_for = parent, "linked", sack.area, sack.bound_for
    sack.children.add(child)
    if sack.state == "open" and len(sack.children) == sack.capacity:
        sack.state = "complete"


def _leave(told: dict[int, Told], child: int) -> None:
    bag = told[child]
    sack = told[bag.parent or 0]
    sack.children.discard(child)
    if sack.state == "complete":
        sack.state = "open"
    bag.parent, bag.state, bag.bound_for = None, "loose", None


def _bring(told: dict[int, Told], bag: int, area: int, bound_for: int | None) -> None:
    for pk in (bag, *told[bag].children):
        told[pk].area, told[pk].bound_for = area, bound_for


Description = tuple[str, int, int | None, int | None, int, Decimal]


def _described(told: dict[int, Told], pk: int) -> Description:
    bag = told[pk]
    weight = sum((told[child].weight for child in bag.children), Decimal(0))
    if bag.kind == "child":
        weight = bag.weight
    return bag.state, bag.area, bag.bound_for, bag.parent, len(bag.children), weight


def _seen(bag: Bag) -> Description:
    return bag.state, bag.area_id, bag.bound_for_id, bag.parent_id, bag.child_count, bag.weight
