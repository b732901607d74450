"""What a desk writes: new bags, changed bags, ledger rows, each kind in one statement."""

from collections.abc import Sequence
from typing import Any

from django.db import connection

from bags.models import Bag
from scans.models import Scan
from tracetrack.sql import sql

SCAN_COLUMNS = (
    "ref", "bag_id", "parent_id", "step", "outcome", "unexpected", "forced", "actor_id",
    "area_id", "station", "scanned_at", "recorded_at", "note", "undoes_id", "was_state",
    "was_area_id", "was_bound_for_id", "was_parent_id", "was_parent_state",
)  # fmt: skip


def create_bags(bags: Sequence[Bag]) -> None:
    """Bring these bags into being, in this order; their parents exist."""
    given = _places(bags) | {
        "codes": [bag.code for bag in bags],
        "kinds": [str(bag.kind) for bag in bags],
        "types": [bag.bag_type_id for bag in bags],
        "batches": [bag.batch_id for bag in bags],
        "capacities": [bag.capacity for bag in bags],
    }
    _numbered(bags, _run("scans.create_bags", given))


def update_bags(bags: Sequence[Bag]) -> None:
    """Write back these bags."""
    with connection.cursor() as cursor:
        given = _places(bags) | {"ids": [bag.pk for bag in bags]}
        cursor.execute(sql("scans.touch_bags"), given)


def add_scans(scans: Sequence[Scan]) -> None:
    """Add these rows to the ledger, in this order; their bags exist."""
    for scan in scans:
        # The ids of new bags are known only now.
        scan.bag, scan.parent, scan.was_parent = scan.bag, scan.parent, scan.was_parent
    given = {name: [_plain(getattr(scan, name)) for scan in scans] for name in SCAN_COLUMNS}
    _numbered(scans, _run("scans.add_scans", given))


def _places(bags: Sequence[Bag]) -> dict[str, list[Any]]:
    return {
        "states": [str(bag.state) for bag in bags],
        "parents": [bag.parent.pk if bag.parent else None for bag in bags],
        "areas": [bag.area_id for bag in bags],
        "bounds": [bag.bound_for_id for bag in bags],
        "counts": [bag.child_count for bag in bags],
        "weights": [bag.weight for bag in bags],
    }


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, str) else value


def _run(statement: str, given: dict[str, list[Any]]) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(sql(statement), given)
        return [pk for (pk,) in cursor.fetchall()]


def _numbered(rows: Sequence[Bag] | Sequence[Scan], ids: list[int]) -> None:
    for row, pk in zip(rows, ids, strict=True):
        row.pk, row._state.adding, row._state.db = pk, False, connection.alias
