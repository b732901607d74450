"""Fixtures of the page tests: a small site, and clients that are signed in with a role."""

from collections.abc import Callable

import pytest
from django.core.cache import caches
from django.test import Client

from accounts.roles import Role
from tests.factories import (
    create_reference_data,
    make_batch,
    make_loose_child,
    make_parent,
    make_user,
)


@pytest.fixture
def empty_rate_limits() -> None:
    caches["limits"].clear()


@pytest.fixture
def small_site(db: None, empty_rate_limits: None) -> None:
    """Batch LOT-1, parent SB10001 with two children in Lucknow, and a loose child in Indore."""
    create_reference_data()
    make_batch("LOT-1")
    make_parent("SB10001", children=2)
    make_loose_child("CB900000001", area="indore")


@pytest.fixture
def sign_in(db: None) -> Callable[..., Client]:
    """Return a function that creates the user `one-<role>` and returns a signed-in client."""

    def create_client(role: str, *areas: str, password: str = "") -> Client:
        client = Client()
        client.force_login(make_user(f"one-{role}", role, areas, password=password))
        return client

    return create_client


@pytest.fixture
def office(sign_in: Callable[..., Client]) -> Client:
    """A client signed in as office staff, who see all areas."""
    return sign_in(Role.OFFICE)


@pytest.fixture
def operator(sign_in: Callable[..., Client]) -> Client:
    """A client signed in as an operator of Lucknow."""
    return sign_in(Role.OPERATOR, "lucknow")
