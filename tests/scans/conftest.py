"""Ana works on the floor of two areas, Ben in the office."""

import pytest

from tests.factories import make_user, reference
from tracetrack.roles import Role


@pytest.fixture
def ana(db):
    reference()
    return make_user("ana", Role.OPERATOR, ["lucknow", "indore"])


@pytest.fixture
def ben(db):
    reference()
    return make_user("ben", Role.OFFICE)
