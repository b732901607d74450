"""Fixtures of the tests of accounts."""

from contextlib import contextmanager

import pytest
from django.db import transaction

from tests.factories import make_batch


@pytest.fixture
def uncommitted_batch():
    """Return a context manager that inserts a batch and rolls back at its end.

    Until then, other transactions that insert a batch with this code wait.
    """

    @contextmanager
    def insert(code):
        with transaction.atomic():
            make_batch(code)
            yield
            transaction.set_rollback(True)

    return insert
