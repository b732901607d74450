"""The OpenAPI 3.1 document of the API: generated once per process, and completed by a hook."""

import re
from functools import cache
from typing import Any

import orjson
from drf_spectacular.generators import SchemaGenerator
from rest_framework import serializers

from tracetrack.openapi.schema import API_PREFIX, ApiSchema

HEADERS = {
    "X-Request-ID": ("string", "The id of this request: the client's, or one that was generated."),
    "RateLimit-Limit": ("integer", "The number of requests that a window allows."),
    "RateLimit-Remaining": ("integer", "The number of requests that are left in this window."),
    "RateLimit-Reset": ("integer", "The number of seconds until the next window begins."),
    "RateLimit-Policy": ("string", "The limit and its window, such as 600;w=60."),
    "Retry-After": ("integer", "The number of seconds after which to try again."),
}
SECURITY_SCHEMES = {
    "token": {"type": "http", "scheme": "bearer", "description": "An API token, tt_…"},
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": "sessionid",
        "description": "The session of a browser. Requests that change data need X-CSRFToken, too.",
    },
}


@cache
def openapi_json() -> bytes:
    """Return the whole document as JSON. It is generated at the first call."""
    return orjson.dumps(SchemaGenerator().get_schema(request=None, public=True))


def complete_document(result: dict[str, Any], **context: Any) -> dict[str, Any]:
    """Add the parts that belong to no single operation: headers, log-in, tags, link targets.

    A postprocessing hook of drf-spectacular.
    """
    components = result["components"]
    components["headers"] = {
        name: {"schema": {"type": kind}, "description": text}
        for name, (kind, text) in HEADERS.items()
    }
    components["securitySchemes"] = SECURITY_SCHEMES
    operations = [one for path in result["paths"].values() for one in path.values()]
    result["tags"] = [{"name": tag} for tag in sorted({one["tags"][0] for one in operations})]
    for operation in operations:
        for response in operation["responses"].values():
            if "links" in response:
                response["links"] = _resolve_links(response["links"], result["paths"])
    _remove_enum_ids(result)
    return result


def add_component(
    result: dict[str, Any], generator: Any, serializer: type[serializers.Serializer[Any]]
) -> dict[str, Any]:
    """Add the schema of a serializer to the components of the document; return its reference."""
    schema = ApiSchema()
    schema.registry = generator.registry
    # drf-spectacular takes the context from the view, which is missing here.
    component = schema.resolve_serializer(serializer(context={"request": None}), "response")
    result["components"]["schemas"] |= generator.registry.build({})["schemas"]
    reference: dict[str, Any] = component.ref
    return reference


def _resolve_links(links: dict[str, dict[str, str]], paths: dict[str, Any]) -> dict[str, Any]:
    """Return the links to every operation under these paths that takes these path parameters."""
    return {
        operation["operationId"]: {"operationId": operation["operationId"], "parameters": values}
        for prefix, values in links.items()
        for path, item in paths.items()
        if path.startswith(f"/{API_PREFIX}{prefix}")
        and set(re.findall(r"{(\w+)}", path)) == set(values)
        for operation in item.values()
    }


def _remove_enum_ids(part: Any) -> None:
    """Remove the ids by which drf-spectacular recognises enums."""
    if isinstance(part, dict):
        part.pop("x-spec-enum-id", None)
        part = list(part.values())
    if isinstance(part, list):
        for child in part:
            _remove_enum_ids(child)
