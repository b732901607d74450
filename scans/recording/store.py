"""The database access of a unit of work: one call loads all it needs, one call saves it."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any
from uuid import UUID

import orjson
from django.db import connection

from accounts.models import User
from bags.models import Area, Bag, BagType, Batch
from scans.ledger import BAG_COLUMNS, LEDGER_COLUMNS
from scans.models import Scan

# SQL functions, so that PostgreSQL plans their statements once for each connection.
_LOADED = "SELECT bags, parents, areas::text, types::text, batches::text, known_refs FROM"
LOCK_AND_LOAD = (
    f"{_LOADED} scans_lock_and_load(%s::text[], %s::text[], %s::text[], %s::text[], %s::uuid[])"
)
LOAD = f"{_LOADED} scans_load(%s::text[], %s::text[], %s::text[], %s::uuid[])"
SAVE = "SELECT * FROM scans_save(%s::jsonb, %s::jsonb, %s::jsonb)"


@dataclass(slots=True)
class Loaded:
    """Bags, areas and batches by code, the bag types by id, and which of the refs are known."""

    bags: dict[str, Bag] = field(default_factory=dict)
    areas: dict[str, Area] = field(default_factory=dict)
    bag_types: list[BagType] = field(default_factory=list)
    batches: dict[str, Batch] = field(default_factory=dict)
    known_refs: list[UUID] = field(default_factory=list)


def load(
    *,
    codes: Collection[str],
    areas: Collection[str],
    lots: Collection[str],
    refs: Collection[UUID],
    lock: bool,
) -> Loaded:
    """Load the bags with these codes and everything that the rules read of them.

    With `lock`, the codes and refs are locked until the transaction ends, and then read.
    Index: bag_code_is_unique. Index: scan_ref_is_recorded_once.
    """
    params: list[Any] = [list(codes), list(areas), list(lots), list(refs)]
    keys = [*codes, *map(str, refs)]
    with connection.cursor() as cursor:
        cursor.execute(*((LOCK_AND_LOAD, [keys, *params]) if lock else (LOAD, params)))
        bags, parents, *rest = cursor.fetchone()
    areas_by_id, bag_types, batches = _areas(rest[0]), _bag_types(rest[1]), _batches(rest[2])
    loaded = Loaded(
        areas={area.code: area for area in areas_by_id.values()},
        bag_types=list(bag_types.values()),
        batches={batch.code: batch for batch in batches.values()},
        known_refs=[UUID(ref) for ref in rest[3] or ()],
    )
    parents_by_id = {row["id"]: _partial(Bag, row) for row in parents or ()}
    for row in bags or ():
        bag: Bag = _partial(Bag, row | {"weight": Decimal(row["weight"])})
        bag.bag_type, bag.area = bag_types[bag.bag_type_id], areas_by_id[bag.area_id]
        bag.bound_for = areas_by_id[bag.bound_for_id] if bag.bound_for_id else None
        bag.batch = batches[bag.batch_id] if bag.batch_id else None
        bag.parent = parents_by_id[bag.parent_id] if bag.parent_id else None
        loaded.bags[bag.code] = bag
    return loaded


def load_children(parents: Iterable[Bag], *, lock: bool) -> list[Bag]:
    """Return the children in `parents` with their batches. Index: bag_children."""
    parents_by_id = {parent.pk: parent for parent in parents}
    rows = Bag.objects.filter(parent_id__in=list(parents_by_id)).order_by("code")
    children = list(rows.select_for_update(no_key=True) if lock else rows)
    ids = {child.batch_id for child in children if child.batch_id}
    batches = Batch.objects.select_related("held_by").in_bulk(ids) if ids else {}
    for child in children:
        child.parent = parents_by_id[child.parent_id or 0]
        child.batch = batches[child.batch_id] if child.batch_id else None
    return children


def load_scans(refs: Collection[UUID]) -> dict[UUID, Scan]:
    """Return the scans with these refs by ref. Index: scan_ref_is_recorded_once."""
    if not refs:
        return {}
    scans = Scan.objects.filter(ref__in=refs).select_related("bag", "parent", "area")
    return {scan.ref: scan for scan in scans}


def save(
    created: Sequence[Bag], changed: Sequence[Bag], scans: Sequence[Scan], *, commit: bool = False
) -> None:
    """Insert `created`, update `changed`, add `scans` to the ledger, each in this order.

    Parents must come before children. New objects get their ids. With `commit` the transaction
    must write nothing afterwards: COMMIT is sent along, unless a block around this one goes on.
    """
    # The nth created bag is referred to as -n until it has an id.
    numbers = {id(bag): -n for n, bag in enumerate(created, 1)}
    params = [
        _json([_new_bag_row(bag, numbers) for bag in created]),
        _json([_bag_row(bag, numbers) for bag in changed]),
        _json([_ledger_row(scan, numbers) for scan in scans]),
    ]
    with connection.cursor() as cursor:
        # With COMMIT in the same round trip, scans that wait for the same parent wait less.
        cursor.execute(f"{SAVE}; COMMIT" if commit and _is_outermost_block() else SAVE, params)
        bag_ids, scan_ids = cursor.fetchone()
    _set_ids(created, bag_ids)
    refresh_bag_ids(scans)
    _set_ids(scans, scan_ids or [])


def refresh_bag_ids(scans: Iterable[Scan]) -> None:
    """Set the `…_id` attributes of scans from their bags, which have ids only once inserted."""
    for scan in scans:
        scan.bag, scan.parent, scan.was_parent = scan.bag, scan.parent, scan.was_parent


def _is_outermost_block() -> bool:
    """Return whether the current atomic block is the transaction and not a savepoint."""
    return connection.in_atomic_block and not connection.savepoint_ids


def _new_bag_row(bag: Bag, numbers: Mapping[int, int]) -> dict[str, Any]:
    return _bag_row(bag, numbers) | {
        "code": bag.code,
        "kind": bag.kind,
        "bag_type_id": bag.bag_type_id,
        "batch_id": bag.batch_id,
        "capacity": bag.capacity,
    }


def _bag_row(bag: Bag, numbers: Mapping[int, int]) -> dict[str, Any]:
    return {
        "id": bag.pk,
        "state": bag.state,
        "parent_id": _bag_id(bag.parent, numbers),
        "area_id": bag.area_id,
        "bound_for_id": bag.bound_for_id,
        "child_count": bag.child_count,
        "weight": str(bag.weight),
    }


def _ledger_row(scan: Scan, numbers: Mapping[int, int]) -> dict[str, Any]:
    row = {column: getattr(scan, column) for column in LEDGER_COLUMNS}
    for column in BAG_COLUMNS:
        row[column] = _bag_id(getattr(scan, column.removesuffix("_id")), numbers)
    return row


def _bag_id(bag: Bag | None, numbers: Mapping[int, int]) -> int | None:
    return None if bag is None else bag.pk or numbers[id(bag)]


def _json(rows: list[dict[str, Any]]) -> str:
    return orjson.dumps(rows, default=str).decode()


def _set_ids(rows: Sequence[Bag] | Sequence[Scan], ids: list[int]) -> None:
    for row, pk in zip(rows, ids, strict=True):
        row.pk, row._state.adding, row._state.db = pk, False, connection.alias


# Steps never change areas, bag types and batches, so instances are shared between units of work
# for as long as the database returns the same text.


@lru_cache(maxsize=100)
def _areas(text: str | None) -> Mapping[int, Area]:
    return {row["id"]: _partial(Area, row) for row in orjson.loads(text or "[]")}


@lru_cache(maxsize=10)
def _bag_types(text: str | None) -> Mapping[int, BagType]:
    rows = orjson.loads(text or "[]")
    for row in rows:
        row["child_weight"] = Decimal(row["child_weight"])
    return {row["id"]: _partial(BagType, row) for row in rows}


@lru_cache(maxsize=1000)
def _batches(text: str | None) -> Mapping[int, Batch]:
    batches = {}
    for row in orjson.loads(text or "[]"):
        held_by = row.pop("held_by")
        if row["held_at"]:
            row["held_at"] = datetime.fromisoformat(row["held_at"])
        batch = batches[row["id"]] = _partial(Batch, row)
        if held_by:
            batch.held_by = _partial(User, {"id": row["held_by_id"], "username": held_by})
    return batches


def _partial(model: Any, row: dict[str, Any]) -> Any:
    """Return an instance of which only the columns in `row` are loaded; others are deferred."""
    return model.from_db(connection.alias, list(row), list(row.values()))
