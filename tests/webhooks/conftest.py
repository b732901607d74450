"""Ines owns a webhook and sees everything; Asha works in Lucknow alone."""

import pytest
from django.db import connection

from accounts.roles import Role
from tests.factories import make_user, reference
from tests.webhook_receiver import receiving


@pytest.fixture
def receiver():
    with receiving() as receiver:
        yield receiver


@pytest.fixture
def ines(db):
    reference()
    return make_user("ines", Role.INTEGRATOR)


@pytest.fixture
def asha(db):
    reference()
    return make_user("asha", Role.OPERATOR, ["lucknow"])


@pytest.fixture
def empty_queue(transactional_db):
    """Django does not empty the tables of the queue, which are not its own."""

    def empty():
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM procrastinate_periodic_defers")
            cursor.execute("DELETE FROM procrastinate_jobs")
            cursor.execute("DELETE FROM procrastinate_workers")

    empty()
    yield
    empty()
