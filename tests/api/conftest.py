"""Fixtures of the tests with schemathesis."""

import pytest
from django.core import signals
from django.db import close_old_connections

from accounts.tokens import issue_token
from tests.api_fixtures import run_commit_hooks


@pytest.fixture
def one_transaction():
    """Keep the transaction and the connection of the test open after each request."""
    for signal in (signals.request_started, signals.request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (signals.request_started, signals.request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def role_headers(site, settings):
    """Return the headers with which each role authenticates. There are no rate limits."""
    settings.RATE_LIMITS = {}
    people = site.people.items()
    headers = {
        role: {"Authorization": f"Bearer {issue_token(who, 'test')}"} for role, who in people
    }
    run_commit_hooks()
    return headers | {"anonymous": {}}
