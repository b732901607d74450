"""The OpenAPI document, for tests that compare it with the API."""

import json
import re
from collections.abc import Callable
from typing import Any

from jsonschema import Draft202012Validator

from tests.endpoints import api_views
from tracetrack.errors.problem import Problem
from tracetrack.openapi.document import openapi_json

NAMES = sorted(f"{m} {route}" for route, view in api_views().items() for m in view.permissions)
DOCUMENT = json.loads(openapi_json())
JSON = "application/json"
Schema = dict[str, Any]


def operation(name: str) -> Schema:
    """Return the description of an endpoint, such as "GET bags/<path:code>"."""
    method, route = name.split()
    path = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", route)
    found: Schema = DOCUMENT["paths"][f"/api/v3/{path}"][method.lower()]
    return found


def handler(name: str) -> Callable[..., Any]:
    """Return the view method of an endpoint."""
    method, route = name.split()
    found: Callable[..., Any] = getattr(api_views()[route], method.lower())
    return found


def raised_problems(name: str) -> tuple[type[Problem], ...]:
    """Return the errors that the view method of an endpoint, or else its view, states."""
    view = api_views()[name.split()[1]]
    return getattr(handler(name), "problems", getattr(view, "problems", ()))


def resolve(schema: Schema) -> Schema:
    """Return the schema that a reference points to; any other schema as it is."""
    if "$ref" not in schema:
        return schema
    found: Schema = DOCUMENT["components"]["schemas"][schema["$ref"].rsplit("/", 1)[-1]]
    return found


def response_schema(name: str, status: int | str) -> Schema:
    """Return the schema of the JSON that an endpoint sends with a status."""
    found: Schema = operation(name)["responses"][str(status)]["content"][JSON]["schema"]
    return found


def example_of(content: Schema) -> Any:
    """Return the first example of the JSON in the content of a request or response."""
    return next(iter(content[JSON]["examples"].values()))["value"]


def successes(name: str) -> Schema:
    """Return the responses of an endpoint with a status of 2xx, by status."""
    responses = operation(name)["responses"]
    return {status: response for status, response in responses.items() if status[0] == "2"}


def validation_errors(schema: Schema, value: Any) -> list[str]:
    """Return what is wrong with `value` according to a schema of the document."""
    whole = schema | {"components": DOCUMENT["components"]}
    return [f"{e.json_path}: {e.message}" for e in Draft202012Validator(whole).iter_errors(value)]
