"""What a unit writes, in one question: new bags, changed bags, rows of the ledger."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import orjson
from django.db import connection

from bags.models import Bag
from scans.models import Scan

SCAN_COLUMNS = (
    "ref", "bag_id", "parent_id", "step", "outcome", "unexpected", "forced", "actor_id",
    "area_id", "station", "scanned_at", "recorded_at", "note", "undoes_id", "was_state",
    "was_area_id", "was_bound_for_id", "was_parent_id", "was_parent_state",
)  # fmt: skip
WRITE = "SELECT * FROM scans_write(%s::json, %s::json, %s::json)"
SCAN_BAGS = ("bag", "parent", "was_parent")
SCAN_FACTS = tuple(name for name in SCAN_COLUMNS if name.removesuffix("_id") not in SCAN_BAGS)


def write(
    created: Sequence[Bag], changed: Sequence[Bag], scans: Sequence[Scan], *, commit: bool = False
) -> None:
    """Bring bags into being, write others back, add rows to the ledger: each in this order.

    Parents are created before children. What is new has its id afterwards. With `commit` nothing is
    written after it in this transaction, and COMMIT goes with it, where nobody around goes on.
    """
    # The nth of those created is spoken of as -n.
    new = {id(bag): -n for n, bag in enumerate(created, 1)}
    given = [
        _json([_birth(bag, new) for bag in created]),
        _json([_place(bag, new) for bag in changed]),
        _json([_line(scan, new) for scan in scans]),
    ]
    with connection.cursor() as cursor:
        # Who waits for the same sack waits for one trip and one turn of this thread less.
        cursor.execute(f"{WRITE}; COMMIT" if commit and _is_outermost() else WRITE, given)
        made, ids = cursor.fetchone()
    _numbered(created, made)
    learn_ids(scans)
    _numbered(scans, ids or [])


def learn_ids(scans: Iterable[Scan]) -> None:
    """Have scans know their bags by ids, which new ones have only since they were created."""
    for scan in scans:
        scan.bag, scan.parent, scan.was_parent = scan.bag, scan.parent, scan.was_parent


def _is_outermost() -> bool:
    """Whether the innermost atomic block is the transaction itself, and no part of another's."""
    return connection.in_atomic_block and not connection.savepoint_ids


def _birth(bag: Bag, new: Mapping[int, int]) -> dict[str, Any]:
    fixed = {"code": bag.code, "kind": bag.kind, "type": bag.bag_type_id, "batch": bag.batch_id}
    return _place(bag, new) | fixed | {"capacity": bag.capacity}


def _place(bag: Bag, new: Mapping[int, int]) -> dict[str, Any]:
    return {
        "id": bag.pk,
        "state": bag.state,
        "parent": _number(bag.parent, new),
        "area": bag.area_id,
        "bound_for": bag.bound_for_id,
        "child_count": bag.child_count,
        "weight": str(bag.weight),
    }


def _line(scan: Scan, new: Mapping[int, int]) -> dict[str, Any]:
    bags = {name: _number(getattr(scan, name), new) for name in SCAN_BAGS}
    return bags | {name: getattr(scan, name) for name in SCAN_FACTS}


def _number(bag: Bag | None, new: Mapping[int, int]) -> int | None:
    return None if bag is None else bag.pk or new[id(bag)]


def _json(rows: list[dict[str, Any]]) -> str:
    return orjson.dumps(rows, default=str).decode()


def _numbered(rows: Sequence[Bag] | Sequence[Scan], ids: list[int]) -> None:
    for row, pk in zip(rows, ids, strict=True):
        row.pk, row._state.adding, row._state.db = pk, False, connection.alias
