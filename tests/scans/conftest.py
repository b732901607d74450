"""Ana works on the floor of two areas, Ben in the office."""

import pytest

from accounts.roles import Role
from tests.factories import make_user, reference


@pytest.fixture
def ana(db):
    reference()
    return make_user("ana", Role.OPERATOR, ["lucknow", "indore"])


@pytest.fixture
def ben(db):
    reference()
    return make_user("ben", Role.OFFICE)
