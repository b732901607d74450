"""The server starts without importing GraphQL."""

import os
import subprocess
import sys

from graphql_api.views import EXECUTE_QUERY
from tests.live_server import ROOT

SCRIPT = """
import django, sys
django.setup()
import tracetrack.urls
heavy = {"strawberry", "strawberry_django", "graphql"}
assert not heavy & set(sys.modules), heavy & set(sys.modules)
from django.utils.module_loading import import_string
import_string(sys.argv[1])
assert heavy <= set(sys.modules)
"""


class TestStartup:
    def test_first_query_imports_graphql(self):
        result = subprocess.run(
            [sys.executable, "-c", SCRIPT, EXECUTE_QUERY],
            cwd=ROOT,
            env=os.environ | {"DJANGO_SETTINGS_MODULE": "tracetrack.settings"},
            capture_output=True,
            text=True,
            check=False,
        )

        assert result.returncode == 0, result.stderr
