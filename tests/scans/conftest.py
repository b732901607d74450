"""Users of the tests of scans: Ana, an operator of two areas, and Ben of the office."""

import pytest

from accounts.roles import Role
from tests.data.day import ACTORS, AREAS, LOTS
from tests.factories import (
    assign_batch,
    child_codes,
    create_reference_data,
    make_batch,
    make_parent,
    make_user,
)


@pytest.fixture
def ana(db):
    create_reference_data()
    return make_user("ana", Role.OPERATOR, ["lucknow", "indore"])


@pytest.fixture
def ben(db):
    create_reference_data()
    return make_user("ben", Role.OFFICE)


@pytest.fixture
def actors(db):
    """Create the batches and the actors of the generated days; return the actors by name."""
    create_reference_data()
    office = make_user("ben", Role.OFFICE)
    for code, bag_type, held in LOTS:
        make_batch(code, bag_type, **({"held_by": office} if held else {}))
    return {name: make_user(name, Role.OPERATOR, AREAS) for name in ACTORS}


@pytest.fixture
def stock(actors):
    """Create parents that are open, nearly full, complete, held, and with a held child."""
    ben = make_user("ben", Role.OFFICE)
    make_parent("SB10001", 3, actor=ben)
    make_parent("SB10002", 29, actor=ben)
    make_parent("SB10003", 30, actor=ben)
    make_parent("M444-10001", 14, actor=ben)
    make_parent("SB20001", 2, actor=ben)
    make_parent("SB20002", 30, actor=ben)
    make_batch("LOT-1")
    assign_batch(make_batch("LOT-H", held_by=ben), "SB20001", child_codes("SB20002", 30)[4])
