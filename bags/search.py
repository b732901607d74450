"""Search for bags by code or a part of it, and for batches and areas by their beginning."""

import re
from collections.abc import Iterator
from typing import Any

from django.db import connection
from django.db.models import Q, QuerySet

from accounts.models import User
from bags.codes import CODE_PART, code_or_none
from bags.models import Area, Bag, BagCode
from bags.queries import bag_rows_by_id
from bags.querysets import visible_area_ids
from tracetrack.db.sql_files import sql

BATCH_RESULT_FIELDS = ("code", "product", "variety", "state", "held")
# A SQL function, because PostgreSQL then plans the query once per connection. For users who see
# some areas only the query is planned each time: the best plan depends on the number of bags there.
PREFIX_SQL = "SELECT id, code FROM bags_search_prefix(%s, %s, %s)"
# Greater than all characters of a code.
HIGHEST_CHARACTER = "\U0010ffff"
MIN_INFIX_CHARS = 3
# Matches texts with a trigram that pg_trgm indexes: three characters in a row, or the edge of a
# word. Others, such as "---", would scan all codes.
HAS_TRIGRAM = re.compile(r"[A-Z0-9]{3}|[^A-Z0-9][A-Z0-9]|[A-Z0-9]{2}[^A-Z0-9]")


def search(user: User, text: str, limit: int = 20) -> dict[str, Any]:
    """Return the bags and batches that match a text.

    Bags match by the whole code, or else by its beginning, its end, or a part of at least 3
    characters: the first of these with any result counts, and is the result's `by`.
    Index: bag_code_is_unique. Index: bagcode_backwards. Index: bagcode_trigrams.
    """
    code = _as_code_part(text)
    by, ids = _find_bags(user, code, limit + 1)
    return {
        "by": by,
        "bags": bag_rows_by_id(ids[:limit]),
        "batches": _find_batches(text, code, limit),
        "more": len(ids) > limit,
    }


def search_areas(user: User, text: str, *, limit: int) -> list[dict[str, str]]:
    """Return the areas whose code or name begins with a text and that the user may see."""
    beginning = text.strip()[:64].replace("\0", "")
    matches = Q(code__istartswith=beginning) | Q(name__istartswith=beginning)
    areas = Area.objects.visible_to(user).filter(matches).order_by("name")[:limit]
    return [{"code": area.code, "name": area.name} for area in areas]


def search_statements(user: User, code: str, limit: int) -> Iterator[tuple[str, tuple[str, Any]]]:
    """Yield the kinds of match to try in turn, each with its SQL statement and parameters.

    The statements return the ids and codes of up to `limit` bags.
    """
    bags = Bag.objects.visible_to(user)
    if visible_area_ids(user) is None:
        yield "prefix", (PREFIX_SQL, (code, code + HIGHEST_CHARACTER, limit))
    else:
        yield "prefix", _compile(bags.filter(code__startswith=code).order_by("code"), limit)
    codes = BagCode.objects.visible_to(user)
    yield "suffix", _compile(codes.ending_with(code), limit)
    if len(code) >= MIN_INFIX_CHARS and HAS_TRIGRAM.search(code):
        yield "contains", _compile(codes.containing(code), limit)


def _compile(rows: QuerySet[Any], limit: int) -> tuple[str, Any]:
    return rows.values_list("pk", "code")[:limit].query.sql_with_params()


def _find_bags(user: User, code: str, limit: int) -> tuple[str, list[int]]:
    """Return the kind of match and the ids of the bags."""
    if not CODE_PART.fullmatch(code):
        return "none", []
    for kind, (statement, params) in search_statements(user, code, limit):
        with connection.cursor() as cursor:
            cursor.execute(statement, params)
            rows = cursor.fetchall()
        # The whole code sorts before all other codes that begin with it.
        if rows and rows[0][1] == code:
            return "exact", [rows[0][0]]
        if rows:
            return kind, [bag_id for bag_id, _ in rows]
    return "none", []


def _as_code_part(text: str) -> str:
    """Return the code if the text is a label, otherwise the text in upper case."""
    return code_or_none(text) or "".join(c for c in text.upper() if c.isprintable()).strip()[:64]


def _find_batches(text: str, code: str, limit: int) -> list[dict[str, Any]]:
    """Return up to `limit` batches whose code, product or variety begins with a text, by code."""
    beginning = text.strip()[:64].replace("\0", "")
    if not beginning:
        return []
    with connection.cursor() as cursor:
        params: dict[str, Any] = {"text": beginning, "code": code or beginning, "limit": limit}
        cursor.execute(sql("bags.find_batches"), params)
        return [dict(zip(BATCH_RESULT_FIELDS, row, strict=True)) for row in cursor.fetchall()]
