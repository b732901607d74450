"""Asking in GraphQL, and what comes back."""

from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.api_fixtures import post


def send(client: Client, query: Any, **variables: Any) -> Any:
    """The answer as it came."""
    return post(client, "graphql", {"query": query, "variables": variables})


def ask(client: Client, query: str, **variables: Any) -> Any:
    """The data of an answer without errors."""
    answer = send(client, query, **variables)
    assert answer.status_code == 200, answer.content
    assert "errors" not in answer.json(), answer.json()
    return answer.json()["data"]


def refused(client: Client, query: Any, **variables: Any) -> Any:
    """The only error of an answer without data."""
    answer = send(client, query, **variables)
    assert answer.status_code == 200, answer.content
    told = answer.json()
    assert list(told) == ["errors"], told
    for error in told["errors"]:
        assert set(error["extensions"]) == {"code", "remedy", "facts"}
        assert error["message"].endswith(".")
    return told["errors"][0] | {"code": told["errors"][0]["extensions"]["code"]}


def cost(client: Client, query: str, **variables: Any) -> CaptureQueriesContext:
    """What an answer asked the database."""
    with CaptureQueriesContext(connection) as queries:
        ask(client, query, **variables)
    return queries
