"""What a desk writes: new bags in one statement, changed bags and ledger rows in another."""

from collections.abc import Iterable, Sequence
from typing import Any

import orjson
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
    given: dict[str, list[Any]] = {
        "codes": [bag.code for bag in bags],
        "kinds": [str(bag.kind) for bag in bags],
        "types": [bag.bag_type_id for bag in bags],
        "batches": [bag.batch_id for bag in bags],
        "parents": [bag.parent.pk if bag.parent else None for bag in bags],
        "areas": [bag.area_id for bag in bags],
        "bounds": [bag.bound_for_id for bag in bags],
        "states": [str(bag.state) for bag in bags],
        "capacities": [bag.capacity for bag in bags],
        "counts": [bag.child_count for bag in bags],
        "weights": [bag.weight for bag in bags],
    }
    _numbered(bags, _run("scans.create_bags", given))


def write(changed: Sequence[Bag], scans: Sequence[Scan]) -> None:
    """Write back these bags and add these rows to the ledger, in this order; their bags exist."""
    learn_ids(scans)
    rows = [{name: getattr(scan, name) for name in SCAN_COLUMNS} for scan in scans]
    with connection.cursor() as cursor:
        given = [_json([_place(bag) for bag in changed]), _json(rows)]
        cursor.execute("SELECT scans_write_v1(%s::json, %s::json)", given)
        _numbered(scans, cursor.fetchone()[0])


def change(bags: Sequence[Bag]) -> None:
    """Write back these bags alone."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT scans_write_v1(%s::json, '[]')", [_json([_place(b) for b in bags])])


def learn_ids(scans: Iterable[Scan]) -> None:
    """Have scans know their bags by ids, which new ones have only since they were created."""
    for scan in scans:
        scan.bag, scan.parent, scan.was_parent = scan.bag, scan.parent, scan.was_parent


def _place(bag: Bag) -> dict[str, Any]:
    return {
        "id": bag.pk,
        "state": bag.state,
        "parent": bag.parent.pk if bag.parent else None,
        "area": bag.area_id,
        "bound_for": bag.bound_for_id,
        "child_count": bag.child_count,
        "weight": str(bag.weight),
    }


def _json(rows: list[dict[str, Any]]) -> str:
    return orjson.dumps(rows, default=str).decode()


def _run(statement: str, given: dict[str, list[Any]]) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(sql(statement), given)
        return [pk for (pk,) in cursor.fetchall()]


def _numbered(rows: Sequence[Bag] | Sequence[Scan], ids: list[int]) -> None:
    for row, pk in zip(rows, ids, strict=True):
        row.pk, row._state.adding, row._state.db = pk, False, connection.alias
