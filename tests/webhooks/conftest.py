"""Fixtures: a receiver, and the users Ines (sees all areas) and Asha (Lucknow only)."""

import pytest
from django.db import connection

from accounts.roles import Role
from tests.factories import create_reference_data, make_user
from tests.webhook_receiver import run_receiver


@pytest.fixture
def receiver():
    with run_receiver() as receiver:
        yield receiver


@pytest.fixture
def ines(db):
    create_reference_data()
    return make_user("ines", Role.INTEGRATOR)


@pytest.fixture
def asha(db):
    create_reference_data()
    return make_user("asha", Role.OPERATOR, ["lucknow"])


@pytest.fixture
def empty_queue(transactional_db):
    """Empty the tables of the queue before and after; Django does not flush unmanaged tables."""

    def empty():
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM procrastinate_periodic_defers")
            cursor.execute("DELETE FROM procrastinate_jobs")
            cursor.execute("DELETE FROM procrastinate_workers")

    empty()
    yield
    empty()
