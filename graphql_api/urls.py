"""The table of the endpoint of GraphQL."""

from django.urls import path

from graphql_api import views

api_urls = [path("graphql", views.Graph.as_view(), name="api-graphql")]
