"""Query plans of PostgreSQL: which index a query uses, and whether it reads a large table whole."""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from django.db import connection, transaction

LARGE_TABLES = ("bags_bag", "bags_bagcode", "scans_scan")


def read_queries(queries: Iterable[dict[str, str]]) -> Iterator[str]:
    """Yield the SELECT statements of captured queries, without a COPY around them."""
    for query in queries:
        text = re.sub(r"^--.*$", "", query["sql"], flags=re.M).strip()
        copied = re.match(r"COPY \((.*)\)\s+TO STDOUT", text, re.S)
        text = copied[1] if copied else text
        if text.startswith(("SELECT", "WITH")):
            yield text


def plan_of(text: str) -> dict[str, Any]:
    """Return the plan of a statement as EXPLAIN (FORMAT JSON) gives it."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN (FORMAT JSON) {text}")
        (found,) = cursor.fetchone()
    plan: dict[str, Any] = (json.loads(found) if isinstance(found, str) else found)[0]["Plan"]
    return plan


def full_reads(node: dict[str, Any], has_limit: bool = False) -> Iterator[dict[str, Any]]:
    """Yield the nodes of a plan that read a large table from one end to the other."""
    has_limit = has_limit or node["Node Type"] == "Limit"
    if node.get("Relation Name") in LARGE_TABLES:
        keyed = "Index Cond" in node or "Recheck Cond" in node
        if node["Node Type"] == "Seq Scan" or not (keyed or has_limit):
            yield node
    for child in node.get("Plans", []):
        yield from full_reads(child, has_limit)


def explain(rows: Any) -> str:
    """Return the plan of a queryset for a table that is too large for a sequential scan."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        explained = str(rows.explain())
        transaction.set_rollback(True)
    return explained
