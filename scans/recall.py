"""A recall: every bag of a lot, and every sack that holds some of it; streamed, totals first."""

import csv
import io
from collections.abc import Generator, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import orjson
from django.db import connection

from bags.models import Bag, Batch
from bags.queries import batch_contents
from tracetrack.models import User
from tracetrack.sql import sql
from tracetrack.streams import Cell, Column, copied_rows

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
    Column("hands", "", Cell.TYPED.replace("{name}", LISTED)),
    Column("last_step", ""),
    Column("last_area", ""),
    Column("last_username", "", Cell.TYPED),
    Column("last_scanned_at", "", Cell.MOMENT),
)
NAMES = [column.name for column in COLUMNS]


def recalled(user: User, batch: Batch, form: str) -> Generator[bytes]:
    """The lines of a recall as `user` sees it: totals, bags of the lot, sacks that hold some.

    Every piece is of the moment of the transaction in which it is read. Index: bag_in_batch.
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
    after = 0
    while ids := list(lot.filter(id__gt=after).values_list("id", flat=True)[:BAGS_AT_ONCE]):
        yield _piece(ids, "bag", form)
        after = ids[-1]
    for ids in _parts(sacks):
        yield _piece(ids, "sack", form)


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


def _piece(ids: Sequence[int], record: str, form: str) -> bytes:
    given = {"bags": list(ids), "record": record}
    return copied_rows(sql("scans.recall"), given, COLUMNS, form)


def _parts(ids: list[int]) -> Iterator[list[int]]:
    for start in range(0, len(ids), BAGS_AT_ONCE):
        yield ids[start : start + BAGS_AT_ONCE]


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
