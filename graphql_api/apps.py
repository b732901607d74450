"""The GraphQL endpoint: read-only queries over bags, batches and scans."""

from django.apps import AppConfig


class GraphQLApiConfig(AppConfig):
    name = "graphql_api"
