"""Statement time-outs of commands that read whole tables."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection


@contextmanager
def no_statement_timeout() -> Iterator[None]:
    """Disable statement_timeout for this connection during a block.

    After an exception it stays disabled: the calling command ends then, or the transaction is
    rolled back, which restores the setting.
    """
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
    yield
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = DEFAULT")
