"""What lies on a unit, as one statement gives it: bags, and all that the steps ask about them."""

from collections.abc import Collection, Iterable, Mapping
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
from scans.models import Scan
from tracetrack.db.sql_files import sql

COLUMNS = [
    "id", "code", "kind", "bag_type_id", "batch_id", "parent_id", "area_id", "bound_for_id",
    "state", "capacity", "child_count", "weight",
]  # fmt: skip
LOCK = "FOR NO KEY UPDATE"
# Functions of the database, planned once for each connection: migrations/0003_desk.py.
GIVES = "SELECT bags, parents, places::text, types::text, batches::text, known FROM"
OPEN = f"{GIVES} scans_lock_and_load(%s::text[], %s::text[], %s::text[], %s::text[], %s::uuid[])"
READ = f"{GIVES} scans_load(%s::text[], %s::text[], %s::text[], %s::uuid[])"


@dataclass(slots=True)
class Loaded:
    """Bags, areas and batches by their codes, the bag types by id, the refs that are known."""

    bags: dict[str, Bag] = field(default_factory=dict)
    areas: dict[str, Area] = field(default_factory=dict)
    types: list[BagType] = field(default_factory=list)
    lots: dict[str, Batch] = field(default_factory=dict)
    refs: list[UUID] = field(default_factory=list)


def load(
    *,
    codes: Collection[str],
    areas: Collection[str],
    lots: Collection[str],
    refs: Collection[UUID],
    lock: bool,
) -> Loaded:
    """All that such requests need. With `lock` nobody else touches these codes and refs meanwhile.

    Index: bag_code_is_unique. Index: scan_ref_is_recorded_once.
    """
    given: list[Any] = [list(codes), list(areas), list(lots), list(refs)]
    keys = [*codes, *map(str, refs)]
    with connection.cursor() as cursor:
        cursor.execute(*((OPEN, [keys, *given]) if lock else (READ, given)))
        bags, parents, *rest = cursor.fetchone()
    by_id, types, lots_by_id = _places(rest[0]), _types(rest[1]), _batches(rest[2])
    loaded = Loaded(
        areas={area.code: area for area in by_id.values()},
        types=list(types.values()),
        lots={lot.code: lot for lot in lots_by_id.values()},
        refs=[UUID(ref) for ref in rest[3] or ()],
    )
    sacks = {row["id"]: _partial(Bag, row) for row in parents or ()}
    for row in bags or ():
        bag = _bag([Decimal(row[c]) if c == "weight" else row[c] for c in COLUMNS])
        bag.bag_type, bag.area = types[bag.bag_type_id], by_id[bag.area_id]
        bag.bound_for = by_id[bag.bound_for_id] if bag.bound_for_id else None
        bag.batch = lots_by_id[bag.batch_id] if bag.batch_id else None
        bag.parent = sacks[bag.parent_id] if bag.parent_id else None
        loaded.bags[bag.code] = bag
    return loaded


def load_children(
    parents: Iterable[Bag], require_loaded: Iterable[Bag], *, lock: bool
) -> list[Bag]:
    """What lies in `parents` and is not in hand, without what is asked about the bags named."""
    text = sql("scans.hold_children")
    sacks = {parent.pk: parent for parent in parents}
    given = {"parents": list(sacks), "loaded_ids": [bag.pk for bag in require_loaded]}
    with connection.cursor() as cursor:
        cursor.execute(text if lock else text.replace(LOCK, ""), given)
        children = [_bag(row) for row in cursor.fetchall()]
    ids = {child.batch_id for child in children if child.batch_id}
    lots = Batch.objects.select_related("held_by").in_bulk(ids) if ids else {}
    for child in children:
        child.parent = sacks[child.parent_id or 0]
        child.batch = lots[child.batch_id] if child.batch_id else None
    return children


def earlier(refs: Collection[UUID]) -> dict[UUID, Scan]:
    """The scans that claimed these refs. Index: scan_ref_is_recorded_once."""
    if not refs:
        return {}
    known = Scan.objects.filter(ref__in=refs).select_related("bag", "parent", "area")
    return {scan.ref: scan for scan in known}


# Areas, types and batches are asked about and never changed by a step: where the database says the
# same as before, they are the same.


@lru_cache(maxsize=100)
def _places(said: str | None) -> Mapping[int, Area]:
    return {row["id"]: _partial(Area, row) for row in orjson.loads(said or "[]")}


@lru_cache(maxsize=10)
def _types(said: str | None) -> Mapping[int, BagType]:
    rows = orjson.loads(said or "[]")
    for row in rows:
        row["child_weight"] = Decimal(row["child_weight"])
    return {row["id"]: _partial(BagType, row) for row in rows}


@lru_cache(maxsize=1000)
def _batches(said: str | None) -> Mapping[int, Batch]:
    batches = {}
    for row in orjson.loads(said or "[]"):
        holder = row.pop("held_by")
        if row["held_at"]:
            row["held_at"] = datetime.fromisoformat(row["held_at"])
        batch = batches[row["id"]] = _partial(Batch, row)
        if holder:
            batch.held_by = _partial(User, {"id": row["held_by_id"], "username": holder})
    return batches


def _bag(values: Iterable[Any]) -> Bag:
    return Bag.from_db(connection.alias, COLUMNS, list(values))


def _partial(model: Any, row: dict[str, Any]) -> Any:
    """A row of which only some columns were read; the others would be fetched when asked for."""
    return model.from_db(connection.alias, list(row), list(row.values()))
