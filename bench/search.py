"""Search statements of the product, compared with the same statements without an index."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection

from bags.models import Bag
from bags.search import search, search_statements
from bench.cases import Pair, case
from bench.reads import office_user
from bench.rounds import timed
from bench.sites import Sites

INDEXES = ("enable_indexscan", "enable_indexonlyscan", "enable_bitmapscan")
SOME = 20
# Searches that use a separate table, and the equivalent filter on the table of bags.
UNINDEXED = {"suffix": "code__endswith", "contains": "code__contains"}


@case(unit="ms", bar=1000)
def search_exact(sites: Sites) -> Iterator[Pair]:
    """A complete code is found by the unique index.

    Compared with the same statement without indexes.
    """
    yield _search_pair(sites, [(code, "prefix") for code in _codes()])


@case(unit="ms", bar=1000)
def search_prefix(sites: Sites) -> Iterator[Pair]:
    """A prefix of 8 of 11 characters is found by the same index.

    Compared with the same statement without indexes.
    """
    yield _search_pair(sites, [(code[:8], "prefix") for code in _codes()])


@case(unit="ms", bar=500)
def search_suffix(sites: Sites) -> Iterator[Pair]:
    """The last 6 digits of a label are found by the index on reversed codes.

    Compared with a scan of the codes of all bags.
    """
    yield _search_pair(sites, [(code[-6:], "suffix") for code in _codes()])


@case(unit="ms", bar=100)
def search_contains(sites: Sites) -> Iterator[Pair]:
    """Six characters from the middle of a code are found by the trigram index.

    Compared with a scan of the codes of all bags.
    """
    yield _search_pair(sites, [(code[3:9], "contains") for code in _codes()])


def _codes() -> list[str]:
    """Return codes of children spread over the whole table."""
    last = Bag.objects.latest("id").pk
    ids = [1 + (last - 1) * nth // (SOME - 1) for nth in range(SOME)]
    found = Bag.objects.filter(kind="child", id__in=[one + n for one in ids for n in (-1, 0, 1)])
    return sorted(found.values_list("code", flat=True))[:SOME]


def _search_pair(sites: Sites, searches: list[tuple[str, str]]) -> Pair:
    office = office_user()
    quick = [dict(search_statements(office, text, SOME + 1))[kind] for text, kind in searches]
    unindexed = [
        _unindexed_statement(text, kind) if kind in UNINDEXED else quick[n]
        for n, (text, kind) in enumerate(searches)
    ]
    turn = iter(range(10**9))

    def execute(statements: list[tuple[str, Any]]) -> None:
        statement, given = statements[next(turn) % len(statements)]
        with connection.cursor() as cursor:
            cursor.execute(statement, given)
            assert cursor.fetchall()

    def with_index() -> float:
        with _on_one_core():
            return timed(lambda: execute(quick), seconds=sites.seconds / 2, min_calls=len(quick))

    def without_index() -> float:
        with _without_indexes():
            return timed(lambda: execute(unindexed), seconds=0, min_calls=3 if sites.bars else 1)

    whole = timed(lambda: search(office, searches[0][0]), seconds=sites.seconds / 2)
    return Pair(
        ours=with_index,
        against=without_index,
        notes=[f"the whole of search(), objects and batches with it: {whole:.3g} ms"],
    )


def _unindexed_statement(text: str, kind: str) -> tuple[str, Any]:
    bags = Bag.objects.filter(**{UNINDEXED[kind]: text}).values_list("id", "code")
    return bags[: SOME + 1].query.sql_with_params()


@contextmanager
def _without_indexes() -> Iterator[None]:
    with connection.cursor() as cursor:
        for setting in INDEXES:
            cursor.execute("SELECT set_config(%s, 'off', false)", [setting])
        # Plans of SQL functions are cached and may use indexes.
        cursor.execute("DISCARD PLANS")
        try:
            yield
        finally:
            for setting in INDEXES:
                cursor.execute("SELECT set_config(%s, 'on', false)", [setting])
            cursor.execute("DISCARD PLANS")


@contextmanager
def _on_one_core() -> Iterator[None]:
    """Pin client and backend to one core: waking a second core may take longer than the query.

    On some virtual machines it takes 130 of the 190 microseconds of a SELECT 1, on others 10.
    """
    connection.ensure_connection()
    both = (os.getpid(), connection.connection.info.backend_pid)
    usual = [os.sched_getaffinity(one) for one in both]
    try:
        for one in both:
            os.sched_setaffinity(one, {min(usual[0])})
        yield
    finally:
        for one, cores in zip(both, usual, strict=True):
            os.sched_setaffinity(one, cores)
