"""GraphQL over HTTP: one query in, one answer out."""

from django.http import HttpResponse
from django.utils.module_loading import import_string
from rest_framework.request import Request

from graphql_api import errors
from graphql_api.serializers import QueryIn
from tracetrack.api.view import ApiView, json_response

__all__ = ["Graph", "errors"]

# By name: graphql_api/answering.py says why.
ANSWERED = "graphql_api.answering.answered"


class Graph(ApiView):
    """POST /api/v3/graphql"""

    permissions = {"POST": "bags.view_bag"}
    rate_limits = {"POST": "search"}

    def post(self, request: Request) -> HttpResponse:
        asked = self.body(QueryIn)
        return json_response(import_string(ANSWERED)(self.actor, **asked))
