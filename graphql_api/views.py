"""GraphQL over HTTP: one query per request."""

from django.http import HttpResponse
from django.utils.module_loading import import_string
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from graphql_api import errors
from graphql_api.arguments import QueryBody
from graphql_api.serializers import QueryResultSerializer
from tracetrack.api.view import ApiView, json_response

__all__ = ["GraphQLView", "errors"]

# Imported with the first query: graphql_api/execution.py says why.
EXECUTE_QUERY = "graphql_api.execution.execute_query"
QUERY_ERROR_CODES = ", ".join(
    f"`{code}`"
    for code in (
        errors.QueryUnreadable.code,
        errors.QueryInvalid.code,
        errors.QueryTooLarge.code,
        errors.QueryTooDeep.code,
        errors.QueryTooCostly.code,
        "bad-field",
        "bad-cursor",
        "bad-code",
    )
)


@extend_schema(tags=["graphql"])
class GraphQLView(ApiView):
    """POST /api/v3/graphql"""

    permissions = {"POST": "bags.view_bag"}
    rate_limits = {"POST": "search"}

    @extend_schema(
        summary="Execute a GraphQL query",
        description="Queries read bags, batches and scans, and their relations; there are no "
        "mutations. Errors of a query are in `errors` of a response with status 200, with a stable "
        f"`extensions.code`: {QUERY_ERROR_CODES}.",
        request=QueryBody,
        responses=QueryResultSerializer,
    )
    def post(self, request: Request) -> HttpResponse:
        """Execute the query in the body."""
        body = self.body(QueryBody)
        return json_response(import_string(EXECUTE_QUERY)(self.actor, **body))
