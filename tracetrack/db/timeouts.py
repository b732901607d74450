"""For what reads everything there is: no bound of time on its statements."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection


@contextmanager
def unhurried() -> Iterator[None]:
    """Let statements of this connection take as long as they take during a block.

    After an exception it stays so: whoever gets one here ends, or rolls back and with that this.
    """
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
    yield
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = DEFAULT")
