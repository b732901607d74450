"""What OpenAPI says of one operation: taken from its view, and from the table beside it."""

import re
from collections import defaultdict
from typing import Any

from django_filters.rest_framework import DjangoFilterBackend
from drf_spectacular.contrib.django_filters import DjangoFilterExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter

from accounts.api import described
from accounts.roles import scope_of_permission
from bags.api import described as bags
from bags.api import described_resources as resources
from dashboard.stats import described as dashboard
from graphql_api import described as graph
from scans.api import described as scans
from scans.api import described_chains as chains
from tracetrack.api.params import FIELDS_PARAMETER
from tracetrack.api.view import ApiView
from tracetrack.errors import http, problem
from tracetrack.errors.problem import Problem
from tracetrack.openapi import shapes
from tracetrack.openapi.shapes import TEXT, Shape, Table, Told, named, some_of
from tracetrack.openapi.snippets import snippets
from webhooks.api import described as webhooks

TABLES = (bags, resources, scans, chains, webhooks, graph, dashboard, described)
TABLE: Table = {name: told for app in TABLES for name, told in app.TABLE.items()}
PREFIX = "api/v3/"
JSON = "application/json"
CHANGING = ("POST", "PUT", "PATCH", "DELETE")
ALWAYS: tuple[type[Problem], ...] = (
    http.UnknownParameter, http.BadField, http.NotAcceptable, problem.NotSignedIn,
    problem.WrongNetwork, http.TooManyRequests, http.ServerError, problem.Busy,
    http.TooSlow,
)  # fmt: skip
CLOSED = (problem.Forbidden, problem.ScopeMissing)
SENT = (
    problem.BadRequest, http.CsrfFailed, http.LengthRequired, http.TooLarge,
    http.UnsupportedMediaType,
)  # fmt: skip
KEY = {"type": "string", "pattern": "^[!-~]{1,255}$"}
TOLD = ("X-Request-ID", "RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset")


class Described(AutoSchema):
    """One operation: its view says who may and which parameters there are, its table the rest."""

    view: ApiView

    @property
    def route(self) -> str:
        """The route as the tables write it."""
        return str(self.path_regex).lstrip("/").removeprefix(PREFIX)

    @property
    def told(self) -> Told:
        """What the table says; hardly anything where it says nothing, which a test forbids."""
        name = f"{self.method} {self.route}"
        return TABLE.get(name) or Told(name, "others", shapes.ANYTHING, {})

    @property
    def permission(self) -> str | None:
        """What it takes."""
        return self.view.permissions[self.method]

    def get_operation_id(self) -> str:
        return operation_id(f"{self.method} {self.route}")

    def get_summary(self) -> str:
        return self.told.summary

    def get_description(self) -> str:
        permission, allowance = self.permission, self.view.rate_limit(self.method)
        if permission is None:
            bound = "Open to anyone"
        else:
            scope = scope_of_permission(permission).value
            bound = f"Permission `{permission}`, scope `{scope}`"
        calls = [
            f"```{sample['lang'].lower()}\n{sample['source']}```"
            for sample in snippets(self.method, self.route, self.told)
        ]
        going = str(self.view.deprecated.get(self.method, ""))
        told = [going, self.told.description, f"{bound}; allowance `{allowance}`.", *calls]
        return "\n\n".join(filter(None, told))

    def get_tags(self) -> list[str]:
        return [self.told.group]

    def get_auth(self) -> list[dict[str, list[str]]]:
        permission = self.permission
        scopes = [scope_of_permission(permission).value] if permission else []
        known: list[dict[str, list[str]]] = [{"token": scopes}, {"session": []}]
        return known if permission else [{}, *known]

    def get_override_parameters(self) -> list[Any]:
        kinds = re.findall(r"<(?:(\w+):)?(\w+)>", self.route)
        path = [
            OpenApiParameter(name, int if kind == "int" else str, OpenApiParameter.PATH)
            for kind, name in kinds
        ]
        reader = self.view.write_parameters if self.method in CHANGING else self.view.parameters
        shows = self.view.fields if self.method == "GET" else ()
        chosen = (
            [OpenApiParameter(FIELDS_PARAMETER, some_of(shows), explode=False)] if shows else []
        )
        return [*path, *([reader] if reader().fields else []), *chosen]

    def _get_filter_parameters(self) -> list[dict[str, Any]]:
        filters = self.view.filterset_class if self.method == "GET" else None
        if filters is None:
            return []
        told, model = DjangoFilterExtension(DjangoFilterBackend), filters._meta.model
        return [
            parameter
            for name, one in filters.base_filters.items()
            for parameter in told.resolve_filter_field(self, model, filters, name, one)
        ]

    def is_deprecated(self) -> bool:
        return self.method in self.view.deprecated

    def _get_parameters(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = super()._get_parameters()
        for parameter in found:
            shape = parameter["schema"]
            if parameter["in"] == "path" and shape["type"] == "integer":
                shape |= {"minimum": 1, "maximum": 2**63 - 1}
            if shape.get("default", "") is None:
                del shape["default"]
            if going := self.view.deprecated.get(parameter["name"]):
                parameter |= {"deprecated": True, "description": str(going)}
            if parameter["name"] in self.told.asked:
                parameter["example"] = self.told.asked[parameter["name"]]
        return found + [
            {"in": "header", "name": name, "schema": shape, "description": text}
            for name, (shape, text) in self._conditions().items()
        ]

    @property
    def repeatable(self) -> bool:
        """Whether an Idempotency-Key makes it safe to send again."""
        return bool(getattr(getattr(self.view, self.method.lower()), "idempotent", False))

    @property
    def keeps_tags(self) -> bool:
        """Whether its answers have an ETag that saves sending them again."""
        return self.method == "GET" and not self.told.forms and 503 not in self.told.statuses

    def _conditions(self) -> dict[str, tuple[Shape, str]]:
        found = {}
        if self.repeatable:
            found["Idempotency-Key"] = (KEY, "Made by you: what is asked once is done once.")
        if problem.Changed in self.told.refusals:
            found["If-Match"] = (TEXT, "The ETag of what you read: changed only if it is still so.")
        if self.keeps_tags:
            found["If-None-Match"] = (TEXT, "The ETag of what you have: 304 if it is still so.")
        return found

    def get_request_serializer(self) -> Any:
        return self.told.body

    def get_response_serializers(self) -> Any:
        return {}

    def _get_request_body(self, direction: str = "request") -> dict[str, Any] | None:
        body = self.told.body
        if body is None:
            return None
        shape = body if isinstance(body, dict) else self._reader(body)
        content: dict[str, Any] = {JSON: {"schema": shape, "example": self.told.sent}}
        content |= {form: {"schema": TEXT} for form in self.told.sent_forms}
        return {"required": True, "content": content}

    def _reader(self, body: Any) -> Shape:
        # What a change does not name stays as it is.
        reader = body(partial=self.method == "PATCH")
        reference: Shape = self.resolve_serializer(reader, "request").ref
        return reference

    def _get_response_bodies(self, direction: str = "response") -> dict[str, Any]:
        told = self.told
        content: dict[str, Any] = {}
        if told.answer:
            content[JSON] = {"schema": told.answer, "example": told.example}
        content |= {form: {"schema": TEXT} for form in told.forms}
        headers = {name: {"$ref": f"#/components/headers/{name}"} for name in TOLD}
        links = {
            operation_id(name): {"operationId": operation_id(name), "parameters": dict(values)}
            for name, values in told.leads.items()
        }
        done = {"description": "Done.", "headers": headers, "content": content}
        answers = {str(status): done | {"links": links} for status in told.statuses}
        if self.keeps_tags:
            answers["304"] = {"description": "As you have it already.", "headers": headers}
        for status, kinds in sorted(self._refusals().items()):
            refused = _refused(kinds, headers)
            if str(status) in answers:
                refused["content"] |= content
            answers[str(status)] = refused
        return answers

    def _refusals(self) -> dict[int, set[type[Problem]]]:
        kinds = [*ALWAYS, *self.told.refusals]
        kinds += CLOSED if self.permission else ()
        kinds += SENT if self.method in CHANGING else ()
        kinds += (http.UnderWay, http.KeyReused) if self.repeatable else ()
        kinds += (problem.NotFound,) if "<" in self.route else ()
        grouped: dict[int, set[type[Problem]]] = defaultdict(set)
        for kind in kinds:
            grouped[kind.status].add(kind)
        return grouped

    def get_extensions(self) -> dict[str, Any]:
        permission = self.permission
        return {
            "x-permission": permission,
            "x-scope": scope_of_permission(permission).value if permission else None,
            "x-allowance": self.view.rate_limit(self.method),
            "x-codeSamples": snippets(self.method, self.route, self.told),
        }


def operation_id(name: str) -> str:
    """The name of an operation, from its method and route."""
    method, route = name.split()
    words = re.sub(r"<(?:\w+:)?(\w+)>", r"\1", route)
    return f"{method.lower()}_{re.sub(r'[^a-z0-9]+', '_', words)}"


def _refused(kinds: set[type[Problem]], headers: Shape) -> dict[str, Any]:
    codes = sorted(kind.code for kind in kinds)
    one: Shape = {"properties": {"code": {"enum": codes}}}
    status = next(iter(kinds)).status
    more = ["Retry-After"] if status in (429, 503) else []
    told = headers | {name: {"$ref": f"#/components/headers/{name}"} for name in more}
    lines = "\n".join(f"* `{kind.code}`: {kind.title}" for kind in sorted(kinds, key=_code))
    return {
        "description": lines,
        "headers": told,
        "content": {http.CONTENT_TYPE: {"schema": {"allOf": [named("Problem"), one]}}},
    }


def _code(kind: type[Problem]) -> str:
    return kind.code
