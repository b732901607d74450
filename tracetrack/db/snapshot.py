"""Several questions, answered of one moment."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction

from tracetrack.db.sql_files import sql


@contextmanager
def one_moment() -> Iterator[None]:
    """What is asked inside sees one moment, and changes nothing.

    Inside somebody's transaction it is theirs what moment is seen.
    """
    alone = not connection.in_atomic_block
    with transaction.atomic(), connection.cursor() as cursor:
        if alone:
            cursor.execute(sql("tracetrack.stream_begins"))
        yield
