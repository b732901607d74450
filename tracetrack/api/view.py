"""ApiView: the base class of all endpoints."""

import logging
from collections.abc import Sequence
from time import perf_counter
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn, cast

import orjson
from django.conf import settings
from django.db import connection
from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import patch_vary_headers
from rest_framework import serializers
from rest_framework.exceptions import NotAcceptable
from rest_framework.request import Request
from rest_framework.views import APIView

from tracetrack.api import conditional, deprecation
from tracetrack.api.deprecation import Deprecated
from tracetrack.api.filters import StrictFilterSet
from tracetrack.api.params import (
    FIELDS_PARAMETER,
    NoParams,
    field_names,
    parse_json_fields,
    parse_params,
    query_values,
    select_names,
)
from tracetrack.api.scopes import Scope, scope_of_permission
from tracetrack.errors.http import LengthRequired, MethodNotAllowed, TooLarge, TooManyRequests
from tracetrack.errors.problem import BadRequest
from tracetrack.errors.request_body import MAX_BUFFERED_BODY_BYTES

if TYPE_CHECKING:
    from accounts.models import ApiToken, User

logger = logging.getLogger(__name__)

# Every response depends on the user.
VARY = ("Authorization", "Cookie")


class ApiView(APIView):
    """One endpoint.

    Authentication, permission, throttle, negotiation, parser and renderer classes are set as in any
    DRF view; the defaults are in the setting REST_FRAMEWORK.

    A request is checked in this order: method, authentication, throttles, permissions, query
    parameters, acceptable media type. Throttles precede permissions, so refused requests count.
    """

    # The permission that each method requires; None opens it to anyone. Other methods are not
    # allowed.
    permissions: ClassVar[dict[str, str | None]] = {}
    # The query parameters of GET, and those of methods that change something.
    parameters: ClassVar[type[serializers.Serializer[Any]]] = NoParams
    write_parameters: ClassVar[type[serializers.Serializer[Any]]] = NoParams
    # The filters of the list that GET returns.
    filterset_class: ClassVar[type[StrictFilterSet] | None] = None
    # The fields that GET returns; the client can select some with the parameter `fields`.
    fields: ClassVar[Sequence[str]] = ()
    # Deprecated methods and query parameters, by name.
    deprecated: ClassVar[dict[str, Deprecated]] = {}
    # The rate limit of a method, a key of RATE_LIMITS, if it is not that of its token scope.
    rate_limits: ClassVar[dict[str, str]] = {}

    # Set by initial(): the time of the start, the parsed query parameters and filters, the selected
    # fields (None: all).
    started: float
    params: dict[str, Any]
    filters: dict[str, Any]
    requested_fields: Sequence[str] | None = None
    # Set by idempotent_with_secret(): the seed of the secret that the response shows. Empty: the
    # secret is random.
    secret_seed = ""

    _negotiation_error: Exception | None = None

    @property
    def actor(self) -> "User":
        """The authenticated user."""
        return cast("User", self.request.user)

    @property
    def token(self) -> "ApiToken | None":
        """The API token of the request; None with a session."""
        return cast("ApiToken | None", self.request.auth)

    @property
    def change_arguments(self) -> dict[str, Any]:
        """Arguments of an action that changes a row: the actor and the versions in If-Match."""
        versions = conditional.expected_versions(self.request._request)
        return {"actor": self.actor, "expected": versions}

    @property
    def allowed_methods(self) -> list[str]:
        return sorted(self.permissions)

    @property
    def selected_fields(self) -> Sequence[str]:
        """The fields of the response."""
        return self.fields if self.requested_fields is None else self.requested_fields

    @property
    def max_body_bytes(self) -> int:
        return settings.DATA_UPLOAD_MAX_MEMORY_SIZE or 0

    @classmethod
    def required_permission(cls, method: str | None) -> str | None:
        """Return the permission that a method requires, None if it is open to anyone."""
        return cls.permissions["GET" if method == "HEAD" else str(method)]

    @classmethod
    def rate_limit(cls, method: str | None) -> str:
        """Return the name of the rate limit that requests with a method count against."""
        method = "GET" if method == "HEAD" else str(method)
        permission = cls.permissions[method]
        scope = scope_of_permission(permission) if permission else Scope.READ
        return cls.rate_limits.get(method, scope.value)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        self.started = perf_counter()
        self._check_method(request)
        super().initial(request, *args, **kwargs)
        if request.method in ("GET", "HEAD"):
            self._parse_query(request)
        else:
            values = query_values(request, field_names(self.write_parameters))
            self.params = parse_params(self.write_parameters, values)
        if self._negotiation_error is not None:
            raise self._negotiation_error

    def _check_method(self, request: Request) -> None:
        method = "GET" if request.method == "HEAD" else str(request.method)
        if method not in self.permissions:
            raise MethodNotAllowed(method=method[:16], allowed=self.allowed_methods)

    def _parse_query(self, request: Request) -> None:
        filters = self.filterset_class
        filter_names = tuple(filters.base_filters) if filters else ()
        known = [*filter_names, *field_names(self.parameters)]
        values = query_values(request, [*known, *([FIELDS_PARAMETER] if self.fields else [])])
        self.requested_fields = select_names(values.pop(FIELDS_PARAMETER, None), self.fields)
        filter_values = {name: values.pop(name) for name in filter_names if name in values}
        self.filters = filters(filter_values).parsed if filters and filter_values else {}
        self.params = parse_params(self.parameters, values)

    def perform_content_negotiation(self, request: Request, force: bool = False) -> Any:
        """Select a renderer. DRF does this first; initial() raises the error after other checks."""
        try:
            return super().perform_content_negotiation(request, force)
        except (NotAcceptable, Http404) as error:
            self._negotiation_error = error
            return super().perform_content_negotiation(request, force=True)

    def perform_authentication(self, request: Request) -> None:
        """Authenticate, unless the method is open to anyone: then no user is looked up."""
        if self.required_permission(request.method) is not None:
            super().perform_authentication(request)

    def check_permissions(self, request: Request) -> None:
        """Check throttles and permissions, in this order: refused requests count, too.

        A view that overrides this method without calling super() has no throttles.
        """
        super().check_throttles(request)
        super().check_permissions(request)

    def check_throttles(self, request: Request) -> None:
        """Do nothing: check_permissions() has checked the throttles."""

    def throttled(self, request: Request, wait: float) -> NoReturn:
        raise TooManyRequests(seconds=max(1, round(wait or 60)))

    def includes(self, name: str) -> bool:
        """Return whether the response contains this field."""
        return self.requested_fields is None or name in self.requested_fields

    def select_fields(self, row: dict[str, Any]) -> dict[str, Any]:
        """Return the selected fields of a row."""
        if self.requested_fields is None:
            return row
        return {name: row[name] for name in self.requested_fields}

    def body(self, serializer_class: type[serializers.Serializer[Any]]) -> dict[str, Any]:
        """Return the parsed fields of the body; raises BadField and what raw_body() raises."""
        return parse_json_fields(serializer_class, self.raw_body())

    def changes(self, serializer_class: type[serializers.Serializer[Any]]) -> dict[str, Any]:
        """Return the fields that the body contains, all of them optional; raises as body()."""
        return parse_json_fields(serializer_class, self.raw_body(), partial=True)

    def no_body(self) -> None:
        """Raise BadField if the body contains any field."""
        self.body(NoParams)

    def raw_body(self) -> dict[str, Any]:
        """Return the body as a JSON object; raises BadRequest, LengthRequired, TooLarge."""
        self.check_length()
        body = self.request.data
        if not isinstance(body, dict):
            raise BadRequest(reason="its body is not a JSON object")
        return body

    def check_length(self) -> None:
        """Check the length of the body before it is read; raises LengthRequired, TooLarge.

        Releases the database connection while a long body is received.
        """
        headers = self.request.headers
        if "Transfer-Encoding" in headers and not headers.get("Content-Length"):
            # Django would treat the body as empty.
            raise LengthRequired
        content_length = self.request.META.get("CONTENT_LENGTH") or ""
        length = int(content_length) if content_length.isdecimal() else 0
        if length > self.max_body_bytes:
            raise TooLarge(limit=self.max_body_bytes)
        if length > MAX_BUFFERED_BODY_BYTES and not connection.in_atomic_block:
            connection.close()

    def finalize_response(
        self, request: Request, response: HttpResponseBase, *args: Any, **kwargs: Any
    ) -> Any:
        final = super().finalize_response(request, cast(Any, response), *args, **kwargs)
        if request.method in ("GET", "HEAD") and isinstance(final, HttpResponse):
            final = cast(Any, conditional.with_etag(request._request, final))
        final.headers.setdefault("Cache-Control", "private, no-store")
        patch_vary_headers(final, VARY)
        if self.deprecated:
            self._announce_deprecation(request, final)
        return _without_body(final) if request.method == "HEAD" else final

    def _announce_deprecation(self, request: Request, response: HttpResponseBase) -> None:
        names = {str(request.method), *request.query_params}
        used = sorted(names.intersection(self.deprecated))
        deprecation.add_headers(response, [self.deprecated[name] for name in used])
        if used and response.status_code < 400:
            client = self.token or self.actor
            logger.info("%s %s is deprecated, used by %s", request.path, " ".join(used), client)

    def raise_uncaught_exception(self, exc: Exception) -> NoReturn:
        # DRF would show its own debug page.
        raise exc


def json_response(data: object, status: int = 200, *, version: str = "") -> HttpResponse:
    """Return a JSON response; `data` as bytes is JSON already.

    With the version of a row (row_version.version_of()) it gets an ETag for If-Match.
    """
    body = data if isinstance(data, bytes) else orjson.dumps(data)
    response = HttpResponse(body, content_type="application/json", status=status)
    if version:
        response.headers["ETag"] = conditional.make_etag(body, version)
    return response


def created_response(response: HttpResponse, location: str, *, new: bool = True) -> HttpResponse:
    """Add the URL of the resource, and set the status: 201 if it is new, 200 if it existed."""
    response.status_code = 201 if new else 200
    response.headers["Location"] = location
    return response


def _without_body(response: HttpResponseBase) -> HttpResponseBase:
    """Remove the body of a response to HEAD, so that the web server does not read it."""
    if isinstance(response, StreamingHttpResponse):
        response.streaming_content = ()
        return response
    assert isinstance(response, HttpResponse)
    response.headers.setdefault("Content-Length", str(len(response.content)))
    response.content = b""
    return response
