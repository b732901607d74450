"""A small site, asked in GraphQL."""

import pytest
from django.test import Client

from tests.api_fixtures import Site, make_site


@pytest.fixture
def site(db: None) -> Site:
    return make_site()


@pytest.fixture
def office(site: Site) -> Client:
    """Somebody who sees everything."""
    return site.client("office")
