"""A recall: every bag of a lot, and every sack that holds some of it; streamed, totals first.

In the order of ids, so that it goes on behind the last line that came; docs/decisions/0029-resumable-recall.md.
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

BAGS_AT_ONCE = 5_000
LISTED = "array_to_string({name}, ' ')"
COLUMNS = (
    Column("record", ""),
    Column("id", ""),
    Column("code", ""),
    Column("kind", ""),
    Column("batch", ""),
    Column("state", ""),
    Column("area", ""),
    Column("bound_for", ""),
    Column("parent", ""),
    Column("lots", "", LISTED),
    Column("bags", ""),
    Column("hands", "", Cell.USER_TEXT.replace("{name}", LISTED)),
    Column("last_step", ""),
    Column("last_area", ""),
    Column("last_username", "", Cell.USER_TEXT),
    Column("last_scanned_at", "", Cell.TIMESTAMP),
)
NAMES = [column.name for column in COLUMNS]


def recalled(user: User, batch: Batch, form: str, *, after: int = 0) -> Generator[bytes]:
    """The lines of a recall as `user` sees it: totals, then bags of the lot and sacks with some.

    The totals speak of all of it; of the rest what has a higher id than `after`. Every piece is of
    the moment of the transaction in which it is read. Index: bag_in_batch.
    """
    batch.refresh_from_db()
    with connection.cursor() as cursor:
        cursor.execute(sql("scans.recall_plans"))
    lot = Bag.objects.visible_to(user).in_batch(batch.pk)
    lying = lot.filter(parent__isnull=False).order_by().values_list("parent", flat=True)
    holding = {pk for pk in lying if pk is not None}
    parents = set(lot.filter(kind="parent").order_by().values_list("id", flat=True))
    sacks = sorted(
        pk
        for ids in _parts(sorted(holding - parents))
        for pk in Bag.objects.visible_to(user).filter(pk__in=ids).values_list("id", flat=True)
    )
    totals = _totals(user, batch, sacks, parents)
    yield _as_csv(totals) if form == "csv" else orjson.dumps(totals) + b"\n"
    ids = heapq.merge(_walked(lot, after), (pk for pk in sacks if pk > after))
    for some in _parts(ids):
        yield _piece(some, batch, form)


def _walked(lot: BagQuerySet, after: int) -> Iterator[int]:
    while ids := list(lot.filter(id__gt=after).values_list("id", flat=True)[:BAGS_AT_ONCE]):
        yield from ids
        after = ids[-1]


def _totals(user: User, batch: Batch, sacks: list[int], parents: set[int]) -> dict[str, Any]:
    contents = batch_contents(user, batch)
    with connection.cursor() as cursor:
        cursor.execute(sql("scans.recall_lots"), {"parents": [*sacks, *parents]})
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
        "sacks": len(sacks),
        "by_state": contents["by_state"],
        "by_area": contents["by_area"],
        "lots": [
            {"batch": code, "sacks": sacks, "children": children} for code, sacks, children in mixed
        ],
        "generated_at": datetime.now(UTC).isoformat(),
    }


def _piece(ids: Sequence[int], batch: Batch, form: str) -> bytes:
    given = {"bags": list(ids), "batch": batch.pk}
    return copy_rows(sql("scans.recall"), given, COLUMNS, form)


def _parts(ids: Iterable[int]) -> Iterator[list[int]]:
    waiting = iter(ids)
    while some := list(islice(waiting, BAGS_AT_ONCE)):
        yield some


def _as_csv(totals: dict[str, Any]) -> bytes:
    """The header; then a record for the whole lot, and for each state, area and lot in it."""
    lines: list[dict[str, Any]] = [{"code": totals["code"], "bags": totals["bags"]}]
    lines += [
        {"kind": row["kind"], "state": row["state"], "bags": row["total"]}
        for row in totals["by_state"]
    ]
    lines += [{"area": row["area"], "bags": row["total"]} for row in totals["by_area"]]
    lines += [{"lots": row["batch"], "bags": row["children"]} for row in totals["lots"]]
    text = io.StringIO()
    sheet = csv.DictWriter(text, NAMES, lineterminator="\n")
    sheet.writeheader()
    sheet.writerows({"record": "totals"} | line for line in lines)
    return text.getvalue().encode()
