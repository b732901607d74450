"""Bulk loading of tables without their indexes and foreign keys, within one transaction."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.db.backends.utils import CursorWrapper

from tracetrack.db.sql_files import sql


@contextmanager
def without_indexes(cursor: CursorWrapper, *tables: str) -> Iterator[list[str]]:
    """Drop foreign keys, unique constraints and indexes of tables during a block.

    Yields the statements that create them again, in the order to run them. The block may run some
    of them itself and remove them from the list; the others run at its end. If anything fails, the
    transaction is rolled back and the tables are as before. Building an index at the end takes a
    tenth of the time of updating it row by row; checking a foreign key at the end a hundredth.
    """
    definitions = _find_definitions(cursor, tables)
    for drop, _ in reversed(definitions):
        cursor.execute(drop)
    pending = [create for _, create in definitions]
    yield pending
    for create in pending:
        cursor.execute(create)


def _find_definitions(cursor: CursorWrapper, tables: Sequence[str]) -> list[tuple[str, str]]:
    """Return the (drop, create) statements of the constraints and indexes, in creation order."""
    params: dict[str, Any] = {"tables": list(tables)}
    cursor.execute(sql("demo.find_indexes"), params)
    return [(drop, create) for drop, create in cursor.fetchall()]
