"""Transactions that read one consistent snapshot."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction

from tracetrack.db.sql_files import sql


@contextmanager
def consistent_snapshot() -> Iterator[None]:
    """Run a block in a read-only REPEATABLE READ transaction.

    All queries in the block see the same snapshot. Inside an open transaction the block joins it,
    with the isolation level of that one.
    """
    is_outermost = not connection.in_atomic_block
    with transaction.atomic(), connection.cursor() as cursor:
        if is_outermost:
            cursor.execute(sql("tracetrack.begin_snapshot"))
        yield
