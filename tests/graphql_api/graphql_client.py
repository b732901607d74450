"""Send GraphQL queries with a test client."""

from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.api_fixtures import post


def post_query(client: Client, query: Any, **variables: Any) -> Any:
    """Return the response to a query."""
    return post(client, "graphql", {"query": query, "variables": variables})


def query_data(client: Client, query: str, **variables: Any) -> Any:
    """Return the data of a query that succeeds."""
    response = post_query(client, query, **variables)
    assert response.status_code == 200, response.content
    assert "errors" not in response.json(), response.json()
    return response.json()["data"]


def query_error(client: Client, query: Any, **variables: Any) -> Any:
    """Return the first error of a query that fails, with its `code`."""
    response = post_query(client, query, **variables)
    assert response.status_code == 200, response.content
    body = response.json()
    assert list(body) == ["errors"], body
    for error in body["errors"]:
        assert set(error["extensions"]) == {"code", "remedy", "facts"}
        assert error["message"].endswith(".")
    return body["errors"][0] | {"code": body["errors"][0]["extensions"]["code"]}


def database_queries(client: Client, query: str, **variables: Any) -> CaptureQueriesContext:
    """Return the database queries of a GraphQL query."""
    with CaptureQueriesContext(connection) as queries:
        query_data(client, query, **variables)
    return queries
