"""The recall of a batch: all of its bags and all parents that hold some of it, totals first.

Rows come in the order of ids, so that a client can resume after the last row it received.
docs/decisions/0029-resumable-recall.md
"""

import csv
import heapq
import io
from collections.abc import Generator, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import Any

import orjson
from django.db import connection

from accounts.models import User
from bags.models import Bag, Batch
from bags.queries import batch_contents
from bags.querysets import BagQuerySet
from tracetrack.db.export import Cell, Column, copy_rows
from tracetrack.db.sql_files import sql

BAGS_PER_CHUNK = 5_000
ARRAY = "array_to_string({name}, ' ')"
# The columns of scans/sql/recall.sql, in its order.
RECALL_COLUMNS = (
    Column("record", ""),
    Column("id", ""),
    Column("code", ""),
    Column("kind", ""),
    Column("batch", ""),
    Column("state", ""),
    Column("area", ""),
    Column("bound_for", ""),
    Column("parent", ""),
    Column("lots", "", ARRAY),
    Column("bags", ""),
    Column("hands", "", Cell.USER_TEXT.replace("{name}", ARRAY)),
    Column("last_step", ""),
    Column("last_area", ""),
    Column("last_username", "", Cell.USER_TEXT),
    Column("last_scanned_at", "", Cell.TIMESTAMP),
)
NAMES = [column.name for column in RECALL_COLUMNS]


def stream_recall(
    user: User, batch: Batch, file_format: str, *, after: int = 0
) -> Generator[bytes]:
    """Yield a recall as `user` sees it, as "ndjson" or "csv": totals, then bags and parents.

    The totals cover the whole recall; of the rows, only those with ids above `after` come. All
    chunks show the snapshot of the transaction in which they are read. Index: bag_in_batch.
    """
    batch.refresh_from_db()
    with connection.cursor() as cursor:
        cursor.execute(sql("scans.recall_planner_hints"))
    bags = Bag.objects.visible_to(user).in_batch(batch.pk)
    in_parents = bags.filter(parent__isnull=False).order_by().values_list("parent", flat=True)
    holding = {pk for pk in in_parents if pk is not None}
    own_parents = set(bags.filter(kind="parent").order_by().values_list("id", flat=True))
    other_parents = sorted(
        pk
        for ids in _chunks(sorted(holding - own_parents))
        for pk in Bag.objects.visible_to(user).filter(pk__in=ids).values_list("id", flat=True)
    )
    totals = _totals(user, batch, other_parents, own_parents)
    yield _totals_csv(totals) if file_format == "csv" else orjson.dumps(totals) + b"\n"
    ids = heapq.merge(_bag_ids(bags, after), (pk for pk in other_parents if pk > after))
    for chunk in _chunks(ids):
        params = {"bags": list(chunk), "batch": batch.pk}
        yield copy_rows(sql("scans.recall"), params, RECALL_COLUMNS, file_format)


def recall_page(user: User, batch: Batch, *, after: int | None, limit: int) -> list[dict[str, Any]]:
    """Return up to `limit` bags of a batch with ids above `after`, as rows of its recall.

    Index: bag_in_batch.
    """
    bags = Bag.objects.visible_to(user).in_batch(batch.pk).filter(id__gt=after or 0)
    ids = list(bags.values_list("id", flat=True)[:limit])
    with connection.cursor() as cursor:
        cursor.execute(sql("scans.recall"), {"bags": ids, "batch": batch.pk})
        return [dict(zip(NAMES, row, strict=True)) for row in cursor.fetchall()]


def _bag_ids(bags: BagQuerySet, after: int) -> Iterator[int]:
    while ids := list(bags.filter(id__gt=after).values_list("id", flat=True)[:BAGS_PER_CHUNK]):
        yield from ids
        after = ids[-1]


def _totals(
    user: User, batch: Batch, other_parents: list[int], own_parents: set[int]
) -> dict[str, Any]:
    contents = batch_contents(user, batch)
    with connection.cursor() as cursor:
        parents = [*other_parents, *own_parents]
        cursor.execute(sql("scans.recall_mixed_batches"), {"parents": parents})
        mixed = cursor.fetchall()
    return {
        "record": "totals",
        "code": batch.code,
        "product": batch.product,
        "held": batch.held,
        "held_reason": batch.held_reason,
        "bags": contents["parents"] + contents["children"],
        "parents": contents["parents"],
        "children": contents["children"],
        "loose": contents["loose"],
        # Sacks of other batches that hold bags of this one.
        "sacks": len(other_parents),
        "by_state": contents["by_state"],
        "by_area": contents["by_area"],
        "lots": [
            {"batch": code, "sacks": sacks, "children": children} for code, sacks, children in mixed
        ],
        "generated_at": datetime.now(UTC).isoformat(),
    }


def _chunks(ids: Iterable[int]) -> Iterator[Sequence[int]]:
    iterator = iter(ids)
    while chunk := list(islice(iterator, BAGS_PER_CHUNK)):
        yield chunk


def _totals_csv(totals: dict[str, Any]) -> bytes:
    """Return the header, a record for the whole batch, and one per state, area and batch."""
    lines: list[dict[str, Any]] = [{"code": totals["code"], "bags": totals["bags"]}]
    lines += [
        {"kind": row["kind"], "state": row["state"], "bags": row["total"]}
        for row in totals["by_state"]
    ]
    lines += [{"area": row["area"], "bags": row["total"]} for row in totals["by_area"]]
    lines += [{"lots": row["batch"], "bags": row["children"]} for row in totals["lots"]]
    text = io.StringIO()
    writer = csv.DictWriter(text, NAMES, lineterminator="\n")
    writer.writeheader()
    writer.writerows({"record": "totals"} | line for line in lines)
    return text.getvalue().encode()
