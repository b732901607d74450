"""ApiSchema: the OpenAPI description of one operation, made from its ApiView.

The annotations of the view (`extend_schema`, `raises`, `links_to`) describe summary, request and
response.
Everything else comes from the attributes of the view: permission, parameters, filters, rate limit,
deprecation, selectable fields and the errors that all endpoints share.
"""

import re
from collections import defaultdict
from http import HTTPStatus
from typing import Any

from django_filters.rest_framework import DjangoFilterBackend
from drf_spectacular.contrib.django_filters import DjangoFilterExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ResolvedComponent
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers

from tracetrack.api.list_view import ListView
from tracetrack.api.params import FIELDS_PARAMETER
from tracetrack.api.scopes import scope_of_permission
from tracetrack.api.view import ApiView
from tracetrack.errors import http, problem
from tracetrack.errors.problem import Problem
from tracetrack.openapi.annotations import Links
from tracetrack.openapi.serializers import ProblemSerializer

Schema = dict[str, Any]

JSON = "application/json"
API_PREFIX = "api/v3/"
MAX_ID = 2**63 - 1
STRING: Schema = {"type": "string"}
WRITE_METHODS = ("POST", "PUT", "PATCH", "DELETE")
COMMON_PROBLEMS: tuple[type[Problem], ...] = (
    http.UnknownParameter, http.BadField, http.NotAcceptable, problem.NotSignedIn,
    problem.WrongNetwork, http.TooManyRequests, http.ServerError, problem.Busy,
    http.TooSlow,
)  # fmt: skip
PERMISSION_PROBLEMS = (problem.Forbidden, problem.ScopeMissing)
WRITE_PROBLEMS = (
    problem.BadRequest, http.CsrfFailed, http.LengthRequired, http.TooLarge,
    http.UnsupportedMediaType,
)  # fmt: skip
IDEMPOTENCY_PROBLEMS = (http.UnderWay, http.KeyReused)
RESPONSE_HEADERS = (
    "X-Request-ID", "RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset",
)  # fmt: skip
RETRY_STATUSES = (429, 503)
# Per header: the condition under which an operation takes it is in _header_parameters().
IDEMPOTENCY_KEY = (
    "Idempotency-Key",
    {"type": "string", "pattern": "^[!-~]{1,255}$"},
    "A key that the client makes: a request with the same key is carried out once.",
)
IF_MATCH = ("If-Match", STRING, "The ETag of the version that was read; another version gives 412.")
IF_NONE_MATCH = ("If-None-Match", STRING, "The ETag of the copy at hand; 304 if it is up to date.")


class Pagination:
    """The envelope of a page of a ListView, in the interface of a DRF paginator."""

    def get_paginated_response_schema(self, rows: Schema) -> Schema:
        """Return the schema of a page whose rows have this schema.

        `total` is the number of rows in all, if counters know it.
        """
        cursor_url = {"type": ["string", "null"], "example": None}
        return {
            "type": "object",
            "properties": {
                "results": rows,
                "next": cursor_url,
                "previous": dict(cursor_url),
                "total": {"type": "integer", "minimum": 0, "example": 1},
            },
            "required": ["results", "next", "previous"],
            "additionalProperties": False,
        }


class ApiSchema(AutoSchema):
    """The description of one operation of an ApiView."""

    view: ApiView

    def get_operation(self, *args: Any, **kwargs: Any) -> Schema | None:
        operation: Schema | None = super().get_operation(*args, **kwargs)
        if operation is not None:
            parts = (self._deprecation, operation.get("description", ""), self._access)
            operation["description"] = "\n\n".join(filter(None, parts))
        return operation

    @property
    def route(self) -> str:
        """The route of the operation as the table of endpoints writes it."""
        return str(self.path_regex).lstrip("/").removeprefix(API_PREFIX)

    @property
    def permission(self) -> str | None:
        """The permission that the operation takes; None if it is open to anyone."""
        return self.view.permissions[self.method]

    @property
    def is_idempotent(self) -> bool:
        """Whether the operation takes an Idempotency-Key."""
        return bool(getattr(self._handler, "idempotent", False))

    @property
    def has_etag(self) -> bool:
        """Whether responses have an ETag that `If-None-Match` can name."""
        declared = self.get_response_serializers()
        unstable = isinstance(declared, dict) and HTTPStatus.SERVICE_UNAVAILABLE in declared
        return self.method == "GET" and self.map_renderers("media_type") == [JSON] and not unstable

    @property
    def problems(self) -> tuple[type[Problem], ...]:
        """The errors that the view method, or else the view, states with `raises`."""
        return tuple(getattr(self._handler, "problems", getattr(self.view, "problems", ())))

    @property
    def links(self) -> Links:
        """The links that the view method states with `links_to`."""
        return dict(getattr(self._handler, "links", {}))

    @property
    def _handler(self) -> Any:
        return getattr(self.view, self.method.lower())

    @property
    def _deprecation(self) -> str:
        return str(self.view.deprecated.get(self.method, ""))

    @property
    def _access(self) -> str:
        limit = self.view.rate_limit(self.method)
        if self.permission is None:
            return f"Open to anyone; rate limit `{limit}`."
        scope = scope_of_permission(self.permission).value
        return f"Permission `{self.permission}`, scope `{scope}`; rate limit `{limit}`."

    def get_operation_id(self) -> str:
        words = re.sub(r"<(?:\w+:)?(\w+)>", r"\1", self.route)
        return f"{self.method.lower()}_{re.sub(r'[^a-z0-9]+', '_', words)}"

    def get_description(self) -> str:
        # Docstrings of views are for developers of the server.
        return ""

    def get_auth(self) -> list[dict[str, list[str]]]:
        if self.permission is None:
            return [{}, {"token": []}, {"session": []}]
        return [{"token": [scope_of_permission(self.permission).value]}, {"session": []}]

    def is_deprecated(self) -> bool:
        return self.method in self.view.deprecated

    def get_extensions(self) -> dict[str, Any]:
        permission = self.permission
        return {
            "x-permission": permission,
            "x-scope": scope_of_permission(permission).value if permission else None,
            "x-allowance": self.view.rate_limit(self.method),
        }

    def get_override_parameters(self) -> list[Any]:
        is_write = self.method in WRITE_METHODS
        query = self.view.write_parameters if is_write else self.view.parameters
        return [*self._path_parameters(), *([query] if query().fields else []), *self._selection()]

    def _path_parameters(self) -> list[OpenApiParameter]:
        return [
            OpenApiParameter(name, int if kind == "int" else str, OpenApiParameter.PATH)
            for kind, name in re.findall(r"<(?:(\w+):)?(\w+)>", self.route)
        ]

    def _selection(self) -> list[OpenApiParameter]:
        """Return the parameter that selects fields, if the view has any."""
        if self.method != "GET" or not self.view.fields:
            return []
        schema = {
            "type": "array",
            "items": {"type": "string", "enum": list(self.view.fields)},
            "minItems": 1,
            "uniqueItems": True,
        }
        text = "The fields to return, separated by commas. Default: all."
        return [OpenApiParameter(FIELDS_PARAMETER, schema, description=text, explode=False)]

    def _get_filter_parameters(self) -> list[Schema]:
        filters = self.view.filterset_class if self.method == "GET" else None
        if filters is None:
            return []
        extension, model = DjangoFilterExtension(DjangoFilterBackend), filters._meta.model
        return [
            parameter
            for name, filter_field in filters.base_filters.items()
            for parameter in extension.resolve_filter_field(
                self, model, filters, name, filter_field
            )
        ]

    def _get_pagination_parameters(self) -> list[Schema]:
        # They are among the `parameters` of a ListView.
        return []

    def _get_format_parameters(self) -> list[Schema]:
        return []

    def _get_parameters(self) -> list[Schema]:
        found: list[Schema] = super()._get_parameters()
        for parameter in found:
            self._adjust_parameter(parameter)
        return [*found, *self._header_parameters()]

    def _adjust_parameter(self, parameter: Schema) -> None:
        schema = parameter["schema"]
        if parameter["in"] == "path" and schema["type"] == "integer":
            schema |= {"minimum": 1, "maximum": MAX_ID}
        if examples := parameter.pop("examples", None):
            parameter["example"] = next(iter(examples.values()))["value"]
        if schema.get("default", "") is None:
            del schema["default"]
        if deprecated := self.view.deprecated.get(parameter["name"]):
            parameter |= {"deprecated": True, "description": str(deprecated)}

    def _header_parameters(self) -> list[Schema]:
        headers = [
            *([IDEMPOTENCY_KEY] if self.is_idempotent else []),
            *([IF_MATCH] if problem.Changed in self.problems else []),
            *([IF_NONE_MATCH] if self.has_etag else []),
        ]
        return [
            {"in": "header", "name": name, "schema": schema, "description": text}
            for name, schema, text in headers
        ]

    def get_request_serializer(self) -> Any:
        return None

    def get_response_serializers(self) -> Any:
        return None

    def _get_request_body(self, direction: Any = "request") -> Schema | None:
        body: Schema | None = super()._get_request_body(direction)
        if body is None:
            return None
        _make_other_types_text(body["content"])
        return body | {"required": True}

    def _get_response_bodies(self, direction: Any = "response") -> dict[str, Schema]:
        responses: dict[str, Schema] = super()._get_response_bodies(direction)
        for code, response in responses.items():
            response |= self._common_parts(int(code))
            if self.links:
                response["links"] = self.links
        if self.has_etag:
            responses["304"] = self._common_parts(HTTPStatus.NOT_MODIFIED)
        for status, kinds in sorted(self._problems_by_status().items()):
            response = self._problem_response(status, kinds)
            declared = responses.get(str(status), {})
            response["content"] |= declared.get("content", {})
            responses[str(status)] = response
        return responses

    def _common_parts(self, status: int) -> Schema:
        names = [*RESPONSE_HEADERS, *(["Retry-After"] if status in RETRY_STATUSES else [])]
        return {
            "description": HTTPStatus(status).phrase,
            "headers": {name: {"$ref": f"#/components/headers/{name}"} for name in names},
        }

    def _problem_response(self, status: int, kinds: set[type[Problem]]) -> Schema:
        ordered = sorted(kinds, key=lambda kind: kind.code)
        codes: Schema = {"properties": {"code": {"enum": [kind.code for kind in ordered]}}}
        schema = {"allOf": [self.resolve_serializer(ProblemSerializer, "response").ref, codes]}
        return self._common_parts(status) | {
            "description": "\n".join(f"* `{kind.code}`: {kind.title}" for kind in ordered),
            "content": {http.CONTENT_TYPE: {"schema": schema}},
        }

    def _problems_by_status(self) -> dict[int, set[type[Problem]]]:
        kinds = [*COMMON_PROBLEMS, *self.problems]
        kinds += PERMISSION_PROBLEMS if self.permission else ()
        kinds += WRITE_PROBLEMS if self.method in WRITE_METHODS else ()
        kinds += IDEMPOTENCY_PROBLEMS if self.is_idempotent else ()
        kinds += (problem.NotFound,) if "<" in self.route else ()
        grouped: dict[int, set[type[Problem]]] = defaultdict(set)
        for kind in kinds:
            grouped[kind.status].add(kind)
        return grouped

    def _get_response_for_code(
        self,
        serializer: Any,
        status_code: str,
        media_types: Any = None,
        direction: Any = "response",
    ) -> Schema:
        response: Schema = super()._get_response_for_code(
            serializer, status_code, media_types, direction
        )
        content = response.get("content", {})
        _make_other_types_text(content)
        if self.method == "GET" and self.view.fields and JSON in content:
            content[JSON]["schema"] = self._with_selected_fields(content[JSON]["schema"])
        return response

    def _with_selected_fields(self, schema: Schema) -> Schema:
        """Return the schema of a response of which `fields` may select some fields.

        In a list, that concerns the rows.
        """
        rows = self._component(schema).get("properties", {}).get("results")
        if rows is None:
            return self._whole_or_part(schema)
        if "$ref" in rows["items"]:
            rows["items"] = self._whole_or_part(rows["items"])
        return schema

    def _whole_or_part(self, reference: Schema) -> Schema:
        whole = self._component(reference)
        name = f"SomeOf{_component_name(reference)}"
        schema = {key: value for key, value in whole.items() if key != "required"}
        part = ResolvedComponent(
            name=name,
            type=ResolvedComponent.SCHEMA,
            schema=schema | {"minProperties": 1},
            object=name,
        )
        self.registry.register_on_missing(part)
        return {"anyOf": [reference, part.ref]}

    def _component(self, reference: Schema) -> Schema:
        key = _component_name(reference), ResolvedComponent.SCHEMA
        schema: Schema = self.registry[key].schema
        return schema

    def _get_paginator(self) -> Pagination | None:
        return Pagination() if isinstance(self.view, ListView) else None

    def _postprocess_serializer_schema(
        self, schema: Schema, serializer: serializers.BaseSerializer[Any], direction: Any
    ) -> Schema:
        processed: Schema = super()._postprocess_serializer_schema(schema, serializer, direction)
        for field in processed.get("properties", {}).values():
            # Set for every SerializerMethodField; no request has one.
            field.pop("readOnly", None)
        # Requests with unknown fields are refused, and responses have the declared fields only.
        extra = getattr(serializer, "has_extra_fields", False)
        return processed | {"additionalProperties": extra}


def _component_name(reference: Schema) -> str:
    return str(reference["$ref"]).rsplit("/", 1)[-1]


def _make_other_types_text(content: dict[str, Schema]) -> None:
    """Describe NDJSON, CSV and HTML as text; schema and examples are those of the JSON."""
    for media_type in content:
        if media_type != JSON:
            content[media_type] = {"schema": STRING}
