"""The OpenAPI document, for tests that compare it with the API."""

import json
import re
from typing import Any

from jsonschema import Draft202012Validator

from tests.endpoints import api_views
from tracetrack.openapi.document import document

NAMES = sorted(f"{m} {route}" for route, view in api_views().items() for m in view.permissions)
DOCUMENT = json.loads(document())


def operation(name: str) -> dict[str, Any]:
    """Return the description of an endpoint, such as "GET bags/<path:code>"."""
    method, route = name.split()
    path = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", route)
    found: dict[str, Any] = DOCUMENT["paths"][f"/api/v3/{path}"][method.lower()]
    return found


def validation_errors(schema: dict[str, Any], value: Any) -> list[str]:
    """Return what is wrong with `value` according to a schema of the document."""
    whole = schema | {"components": DOCUMENT["components"]}
    return [f"{e.json_path}: {e.message}" for e in Draft202012Validator(whole).iter_errors(value)]
