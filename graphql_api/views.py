"""GraphQL over HTTP: one query per request."""

from django.http import HttpResponse
from django.utils.module_loading import import_string
from rest_framework.request import Request

from graphql_api import errors
from graphql_api.arguments import QueryBody
from tracetrack.api.view import ApiView, json_response

__all__ = ["GraphQLView", "errors"]

# Imported with the first query: graphql_api/execution.py says why.
EXECUTE_QUERY = "graphql_api.execution.execute_query"


class GraphQLView(ApiView):
    """POST /api/v3/graphql"""

    permissions = {"POST": "bags.view_bag"}
    rate_limits = {"POST": "search"}

    def post(self, request: Request) -> HttpResponse:
        """Execute the query in the body."""
        body = self.body(QueryBody)
        return json_response(import_string(EXECUTE_QUERY)(self.actor, **body))
