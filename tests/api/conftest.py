"""Two areas, what lies in them, and somebody of every role."""

from collections.abc import Iterator

import pytest
from django.test import Client

from tests.api.site import Site, make_site
from tracetrack import cache


@pytest.fixture(autouse=True)
def empty_cache() -> Iterator[None]:
    """No test answers from what another one kept."""
    cache.clear("*")
    yield
    cache.clear("*")


@pytest.fixture
def site(db: None) -> Site:
    return make_site()


@pytest.fixture
def office(site: Site) -> Client:
    """Somebody who sees everything."""
    return site.client("office")


@pytest.fixture
def operator(site: Site) -> Client:
    """Somebody who works in Lucknow only."""
    return site.client("operator")
