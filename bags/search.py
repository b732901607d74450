"""Searching: bags by the whole code, its start, end or inside; batches and areas by their start."""

import re
from collections.abc import Iterator
from typing import Any

from django.db import connection
from django.db.models import Q, QuerySet

from accounts.models import User
from bags.codes import CODE_PART, code_or_none
from bags.models import Area, Bag, BagCode
from bags.queries import rows_by_id
from bags.querysets import visible_area_ids
from tracetrack.db.sql_files import sql

BATCH_RESULT_FIELDS = ("code", "product", "variety", "state", "held")
# Planned once for each connection: migrations/0007_begin.py. Who sees some areas only is answered
# by a statement of his own, whose plan depends on how much lies in them.
PREFIX_SQL = "SELECT id, code FROM bags_search_prefix(%s, %s, %s)"
# No character of a code comes behind it.
HIGHEST_CHARACTER = "\U0010ffff"
MIN_INFIX_CHARS = 3
# What has a trigram that can be looked up: three in a row, or the edge of a word. Anything else,
# like "---", would mean reading every code.
HAS_TRIGRAM = re.compile(r"[A-Z0-9]{3}|[^A-Z0-9][A-Z0-9]|[A-Z0-9]{2}[^A-Z0-9]")


def search(user: User, text: str, limit: int = 20) -> dict[str, Any]:
    """Bags and batches that `text` names: the whole code, else its start, its end, its inside.

    The first way that finds something answers; the inside needs 3 characters.
    Index: bag_code_is_unique. Index: bagcode_backwards. Index: bagcode_trigrams.
    """
    code = _searched(text)
    by, found = _found(user, code, limit + 1)
    return {
        "by": by,
        "bags": rows_by_id(found[:limit]),
        "batches": _batches_like(text, code, limit),
        "more": len(found) > limit,
    }


def search_areas(user: User, text: str, *, limit: int) -> list[dict[str, str]]:
    """The areas that `user` may see whose code or name begins like this; there are but a few."""
    words = text.strip()[:64].replace("\0", "")
    own = visible_area_ids(user)
    areas = Area.objects.filter(Q(code__istartswith=words) | Q(name__istartswith=words))
    seen = areas if own is None else areas.filter(pk__in=own)
    return [{"code": area.code, "name": area.name} for area in seen.order_by("name")[:limit]]


def search_statements(user: User, code: str, limit: int) -> Iterator[tuple[str, tuple[str, Any]]]:
    """By which ways bags are looked for, one after the other, until one finds something.

    Each with a statement and its parameters, for the ids and codes of up to `limit` bags.
    """
    bags = Bag.objects.visible_to(user)
    if visible_area_ids(user) is None:
        yield "prefix", (PREFIX_SQL, (code, code + HIGHEST_CHARACTER, limit))
    else:
        yield "prefix", _asked(bags.filter(code__startswith=code).order_by("code"), limit)
    codes = BagCode.objects.visible_to(user)
    yield "suffix", _asked(codes.ending_with(code), limit)
    if len(code) >= MIN_INFIX_CHARS and HAS_TRIGRAM.search(code):
        yield "contains", _asked(codes.with_inside(code), limit)


def _asked(rows: QuerySet[Any], limit: int) -> tuple[str, Any]:
    return rows.values_list("pk", "code")[:limit].query.sql_with_params()


def _found(user: User, code: str, limit: int) -> tuple[str, list[int]]:
    """By which way something is found, and the ids of that."""
    if not CODE_PART.fullmatch(code):
        return "none", []
    for way, (text, given) in search_statements(user, code, limit):
        with connection.cursor() as cursor:
            cursor.execute(text, given)
            found = cursor.fetchall()
        # In the order of codes the whole one comes before all that begin with it.
        if found and found[0][1] == code:
            return "exact", [found[0][0]]
        if found:
            return way, [bag for bag, _ in found]
    return "none", []


def _searched(text: str) -> str:
    """`text` as part of a code: the label's code where it is whole, else upper-cased as it is."""
    return code_or_none(text) or "".join(c for c in text.upper() if c.isprintable()).strip()[:64]


def _batches_like(text: str, code: str, limit: int) -> list[dict[str, Any]]:
    """Up to `limit` batches whose code, product or variety begins so, in the order of codes."""
    words = text.strip()[:64].replace("\0", "")
    if not words:
        return []
    with connection.cursor() as cursor:
        given: dict[str, Any] = {"words": words, "code": code or words, "limit": limit}
        cursor.execute(sql("bags.batches_like"), given)
        return [dict(zip(BATCH_RESULT_FIELDS, row, strict=True)) for row in cursor.fetchall()]
