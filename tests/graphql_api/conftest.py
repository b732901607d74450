"""A small site and its users."""

import pytest
from django.test import Client

from tests.api_fixtures import Site, make_site


@pytest.fixture
def site(db: None) -> Site:
    return make_site()


@pytest.fixture
def office(site: Site) -> Client:
    """A client whose user sees all areas."""
    return site.client("office")


@pytest.fixture
def operator(site: Site) -> Client:
    """A client whose user sees one area."""
    return site.client("operator")
