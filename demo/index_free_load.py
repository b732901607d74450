"""Tables without their indexes, for as long as one transaction fills them."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.db.backends.utils import CursorWrapper

from tracetrack.db.sql_files import sql


@contextmanager
def stripped(cursor: CursorWrapper, *tables: str) -> Iterator[list[str]]:
    """Take foreign keys, unique constraints and indexes away during a block.

    Gives the statements that bring them back, in their order; who takes one off the list has run
    it, and what is left is run at the end. Everything is one transaction: where it fails, nothing
    has happened. Building an index once takes a tenth of keeping it up to date row by row, and
    checking a foreign key once a hundredth.
    """
    found = _found(cursor, tables)
    for take, _ in reversed(found):
        cursor.execute(take)
    waiting = [bring for _, bring in found]
    yield waiting
    for bring in waiting:
        cursor.execute(bring)


def _found(cursor: CursorWrapper, tables: Sequence[str]) -> list[tuple[str, str]]:
    given: dict[str, Any] = {"tables": list(tables)}
    cursor.execute(sql("demo.seed_strip"), given)
    return [(take, bring) for take, bring in cursor.fetchall()]
