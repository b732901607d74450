"""Searches: the statements that the product sends, against the same statements without an index."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection

from bags.models import Bag
from bags.search import search, search_statements
from bench.cases import Pair, case
from bench.reads import reader
from bench.rounds import timed
from bench.sites import Sites

INDEXES = ("enable_indexscan", "enable_indexonlyscan", "enable_bitmapscan")
SOME = 20
# What is searched in a table of its own, and how it would be in that of the bags.
PLAIN = {"suffix": "code__endswith", "contains": "code__contains"}


@case(unit="ms", bar=1000)
def search_exact(sites: Sites) -> Iterator[Pair]:
    """A whole code is found by the unique index.

    Against the same statement where PostgreSQL may use no index.
    """
    yield _searched(sites, [(code, "prefix") for code in _codes()])


@case(unit="ms", bar=1000)
def search_prefix(sites: Sites) -> Iterator[Pair]:
    """The start of a code, 8 of 11 characters, is found by the same index, in order.

    Against the same statement where PostgreSQL may use no index.
    """
    yield _searched(sites, [(code[:8], "prefix") for code in _codes()])


@case(unit="ms", bar=500)
def search_suffix(sites: Sites) -> Iterator[Pair]:
    """The last 6 digits of a label are found by the index over codes read backwards.

    Against looking for that end in the codes of all bags.
    """
    yield _searched(sites, [(code[-6:], "suffix") for code in _codes()])


@case(unit="ms", bar=100)
def search_contains(sites: Sites) -> Iterator[Pair]:
    """Six characters from the middle of a code are found by the trigram index.

    Against looking for them in the codes of all bags.
    """
    yield _searched(sites, [(code[3:9], "contains") for code in _codes()])


def _codes() -> list[str]:
    """Codes of children from all over the table."""
    last = Bag.objects.latest("id").pk
    ids = [1 + (last - 1) * nth // (SOME - 1) for nth in range(SOME)]
    found = Bag.objects.filter(kind="child", id__in=[one + n for one in ids for n in (-1, 0, 1)])
    return sorted(found.values_list("code", flat=True))[:SOME]


def _searched(sites: Sites, asked: list[tuple[str, str]]) -> Pair:
    office = reader()
    quick = [dict(search_statements(office, text, SOME + 1))[way] for text, way in asked]
    plain = [
        _plainly(text, way) if way in PLAIN else quick[n] for n, (text, way) in enumerate(asked)
    ]
    turn = iter(range(10**9))

    def ask(statements: list[tuple[str, Any]]) -> None:
        statement, given = statements[next(turn) % len(statements)]
        with connection.cursor() as cursor:
            cursor.execute(statement, given)
            assert cursor.fetchall()

    def by_the_index() -> float:
        with _on_one_core():
            return timed(lambda: ask(quick), seconds=sites.seconds / 2, least=len(quick))

    def by_reading_everything() -> float:
        with _without_indexes():
            return timed(lambda: ask(plain), seconds=0, least=3 if sites.bars else 1)

    whole = timed(lambda: search(office, asked[0][0]), seconds=sites.seconds / 2)
    return Pair(
        ours=by_the_index,
        against=by_reading_everything,
        notes=[f"the whole of search(), objects and batches with it: {whole:.3g} ms"],
    )


def _plainly(text: str, way: str) -> tuple[str, Any]:
    bags = Bag.objects.filter(**{PLAIN[way]: text}).values_list("id", "code")
    return bags[: SOME + 1].query.sql_with_params()


@contextmanager
def _without_indexes() -> Iterator[None]:
    with connection.cursor() as cursor:
        for kind in INDEXES:
            cursor.execute("SELECT set_config(%s, 'off', false)", [kind])
        # What a function asks is planned once, and was planned with them.
        cursor.execute("DISCARD PLANS")
        try:
            yield
        finally:
            for kind in INDEXES:
                cursor.execute("SELECT set_config(%s, 'on', false)", [kind])
            cursor.execute("DISCARD PLANS")


@contextmanager
def _on_one_core() -> Iterator[None]:
    """Asking and answering share a core: waking a second one may take longer than the answer.

    On some virtual machines that is 130 of the 190 microseconds of a SELECT 1, on others 10.
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
