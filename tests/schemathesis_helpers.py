"""The schema and the settings of the tests with schemathesis."""

import os
from copy import deepcopy

import schemathesis
from django.core.wsgi import get_wsgi_application
from hypothesis import HealthCheck, Phase, settings

from tests.openapi_document import DOCUMENT

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "3"))
# A copy, because schemathesis adds links to it.
SCHEMA = schemathesis.openapi.from_dict(deepcopy(DOCUMENT))
DJANGO = get_wsgi_application()
# The same requests in any order of the tests; no examples are stored between runs.
FUZZ_SETTINGS = settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def read_whole_response(environ, start_response):
    """Call the WSGI application and read its response to the end, so that streams are closed."""
    answer = DJANGO(environ, start_response)
    try:
        return [b"".join(answer)]
    finally:
        answer.close()


SCHEMA.app = read_whole_response
