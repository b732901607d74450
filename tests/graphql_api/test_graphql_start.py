"""Who starts the server does not wait for GraphQL; who asks first does not wait for long."""

import os
import subprocess
import sys

from graphql_api.views import EXECUTE_QUERY
from tests.live_server import ROOT

STARTED = """
import django, sys
django.setup()
import tracetrack.urls
heavy = {"strawberry", "strawberry_django", "graphql"}
assert not heavy & set(sys.modules), heavy & set(sys.modules)
from django.utils.module_loading import import_string
import_string(sys.argv[1])
assert heavy <= set(sys.modules)
"""


class TestTheStart:
    def test_leaves_graphql_to_the_first_query(self):
        command = [sys.executable, "-c", STARTED, EXECUTE_QUERY]
        environment = os.environ | {"DJANGO_SETTINGS_MODULE": "tracetrack.settings"}

        ran = subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
        )

        assert ran.returncode == 0, ran.stderr
