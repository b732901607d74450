"""Ana works on the floor of two areas, Ben in the office."""

import pytest

from accounts.roles import Role
from tests.factories import create_reference_data, make_user


@pytest.fixture
def ana(db):
    create_reference_data()
    return make_user("ana", Role.OPERATOR, ["lucknow", "indore"])


@pytest.fixture
def ben(db):
    create_reference_data()
    return make_user("ben", Role.OFFICE)
