"""The app that answers several questions about bags, batches and scans at once: GraphQL."""

from django.apps import AppConfig


class GraphConfig(AppConfig):
    name = "graph"
