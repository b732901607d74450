"""ApiView: what all endpoints share, from who asks to how an answer leaves."""

import logging
from collections.abc import Sequence
from time import perf_counter
from typing import Any, ClassVar, NoReturn, cast

import orjson
from django.conf import settings
from django.db import connection
from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import patch_vary_headers
from rest_framework import authentication, negotiation, parsers, renderers, serializers
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.views import APIView

from accounts.authentication import TokenAuthentication
from accounts.models import ApiToken, User
from accounts.roles import Scope, permissions_for, scope_of_permission
from tracetrack.api import conditional, deprecation, throttling
from tracetrack.api.deprecation import Deprecated
from tracetrack.api.filters import StrictFilterSet
from tracetrack.api.json_parser import StrictJSONParser
from tracetrack.api.params import FIELDS_PARAMETER, NoParams, field_names, parse_json_fields, parse_params, query_values, select_names
from tracetrack.errors.http import CsrfFailed, LengthRequired, MethodNotAllowed, TooLarge
from tracetrack.errors.problem import BadRequest, Forbidden, NotSignedIn, ScopeMissing
from tracetrack.errors.request_body import MAX_BUFFERED_BODY_BYTES

logger = logging.getLogger(__name__)

# Every answer depends on who asks.
VARY = ("Authorization", "Cookie")


class SessionAuthentication(authentication.SessionAuthentication):
    """Who signed in with a browser. What changes something must come from a page of ours."""

    def enforce_csrf(self, request: Any) -> None:
        try:
            super().enforce_csrf(request)
        except PermissionDenied:
            raise CsrfFailed from None


class FormatNegotiation(negotiation.DefaultContentNegotiation):
    """`?format=` decides where it is given, `Accept` elsewhere."""

    def get_accept_list(self, request: Request) -> list[str]:
        return ["*/*"] if "format" in request.query_params else super().get_accept_list(request)

    def select_renderer(self, request: Any, renderers: Any, format_suffix: Any = None) -> Any:
        # Nearly all programs say so; finding that out took longer than making many an answer.
        if request.META.get("HTTP_ACCEPT", "*/*") == "*/*" and not request.META["QUERY_STRING"]:
            return renderers[0], renderers[0].media_type
        return super().select_renderer(request, renderers, format_suffix)


class ApiView(APIView):
    """One endpoint. Says for each method which permission it takes; None: open to anyone.

    A method that is not named is refused, and so is a query parameter that `parameters` has not.
    """

    permissions: ClassVar[dict[str, str | None]] = {}
    parameters: ClassVar[type[serializers.Serializer[Any]]] = NoParams
    # What the list of GET can be narrowed by.
    filterset_class: ClassVar[type[StrictFilterSet] | None] = None
    # The fields that GET shows, of which `fields` chooses some.
    fields: ClassVar[Sequence[str]] = ()
    # What goes away, by method or parameter.
    deprecated: ClassVar[dict[str, Deprecated]] = {}
    # The query parameters of what changes something.
    write_parameters: ClassVar[type[serializers.Serializer[Any]]] = NoParams
    # Which allowance of RATE_LIMITS a method draws on, where it is not the usual one.
    rate_limits: ClassVar[dict[str, str]] = {}
    authentication_classes = [TokenAuthentication, SessionAuthentication]
    content_negotiation_class = FormatNegotiation
    parser_classes: list[type[parsers.BaseParser]] = [StrictJSONParser]
    renderer_classes: list[type[renderers.BaseRenderer]] = [renderers.JSONRenderer]
    started: float
    params: dict[str, Any]
    filters: dict[str, Any]
    # What the secret that is shown is to be made of; empty: of chance.
    secret_seed = ""
    # Which fields are shown; None: all.
    requested_fields: Sequence[str] | None = None

    @property
    def actor(self) -> User:
        """Who is asking: the user who signed in, or whose token it is."""
        return cast(User, self.request.user)

    @property
    def token(self) -> ApiToken | None:
        """The token with which the request came; None in a session."""
        came = self.request.auth
        return came if isinstance(came, ApiToken) else None

    @property
    def allowed_methods(self) -> list[str]:
        return sorted(self.permissions)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        self.started = perf_counter()
        self.format_kwarg = None
        self._let_in(request)
        if request.method in ("GET", "HEAD"):
            self._read_question(request)
        else:
            self.params = parse_params(
                self.write_parameters, query_values(request, field_names(self.write_parameters))
            )
        chosen = self.perform_content_negotiation(request)
        request.accepted_renderer, request.accepted_media_type = chosen

    def _read_question(self, request: Request) -> None:
        filters = self.filterset_class
        narrowing = tuple(filters.base_filters) if filters else ()
        known = [
            *narrowing,
            *field_names(self.parameters),
            *([FIELDS_PARAMETER] if self.fields else []),
        ]
        given = query_values(request, known)
        self.requested_fields = select_names(given.pop(FIELDS_PARAMETER, None), self.fields)
        meant = {name: given.pop(name) for name in narrowing if name in given}
        self.filters = filters(meant).parsed if filters and meant else {}
        self.params = parse_params(self.parameters, given)

    @property
    def selected_fields(self) -> Sequence[str]:
        """The fields that were asked for: all where none were named."""
        return self.fields if self.requested_fields is None else self.requested_fields

    def includes(self, name: str) -> bool:
        """Whether this field is to be shown."""
        return self.requested_fields is None or name in self.requested_fields

    def select_fields(self, row: dict[str, Any]) -> dict[str, Any]:
        """Of a row the fields that were asked for."""
        return (
            row
            if self.requested_fields is None
            else {name: row[name] for name in self.requested_fields}
        )

    @classmethod
    def rate_limit(cls, method: str) -> str:
        """The allowance that a request by this method draws on."""
        permission = cls.permissions[method]
        usual = scope_of_permission(permission).value if permission else Scope.READ.value
        return cls.rate_limits.get(method, usual)

    def _let_in(self, request: Request) -> None:
        method = "GET" if request.method == "HEAD" else str(request.method)
        if method not in self.permissions:
            raise MethodNotAllowed(method=method[:16], allowed=self.allowed_methods)
        permission = self.permissions[method]
        if permission is None:
            # Who is asking is a question to the database, which may be what is asked about.
            throttling.count_anonymous_request(request._request)
        else:
            throttling.count_request(
                request._request, request.user, request.auth, self.rate_limit(method)
            )
            check_permission(request.user, permission)

    def body(self, reader: type[serializers.Serializer[Any]]) -> dict[str, Any]:
        """The body as `reader` understands it; raises BadRequest, BadField."""
        return parse_json_fields(reader, self.raw_body())

    def changes(self, reader: type[serializers.Serializer[Any]]) -> dict[str, Any]:
        """The fields of `reader` that the body has, and no other; raises as body() does."""
        return parse_json_fields(reader, self.raw_body(), partial=True)

    def no_body(self) -> None:
        """Raises BadField where the body says anything."""
        self.body(NoParams)

    def raw_body(self) -> dict[str, Any]:
        """The body as it was sent: a JSON object.

        Raises BadRequest, LengthRequired, TooLarge.
        """
        self.check_length()
        given = self.request.data
        if not isinstance(given, dict):
            raise BadRequest(reason="its body is not a JSON object")
        return given

    def check_length(self) -> None:
        """Before any of the body is read; raises LengthRequired, TooLarge."""
        headers = self.request.headers
        if "Transfer-Encoding" in headers and not headers.get("Content-Length"):
            # Django would take it for an empty one.
            raise LengthRequired
        told = self.request.META.get("CONTENT_LENGTH") or ""
        length = int(told) if told.isdecimal() else 0
        if length > self.max_body_bytes:
            raise TooLarge(limit=self.max_body_bytes)
        if length > MAX_BUFFERED_BODY_BYTES and not connection.in_atomic_block:
            # Others may have our connection while the body comes.
            connection.close()

    @property
    def max_body_bytes(self) -> int:
        """How many bytes are taken."""
        return settings.DATA_UPLOAD_MAX_MEMORY_SIZE or 0

    def finalize_response(
        self, request: Request, response: HttpResponseBase, *args: Any, **kwargs: Any
    ) -> Any:
        final = super().finalize_response(request, cast(Any, response), *args, **kwargs)
        if request.method in ("GET", "HEAD") and isinstance(final, HttpResponse):
            final = cast(Any, conditional.with_etag(request._request, final))
        final.headers.setdefault("Cache-Control", "private, no-store")
        patch_vary_headers(final, VARY)
        self._tell_what_goes_away(request, final)
        return _without_body(final) if request.method == "HEAD" else final

    def _tell_what_goes_away(self, request: Request, response: HttpResponseBase) -> None:
        if self.deprecated:
            said = {str(request.method), *request.query_params}
            used = sorted(said.intersection(self.deprecated))
            deprecation.add_headers(response, [self.deprecated[name] for name in used])
            if used and response.status_code < 400:
                by = self.token or self.actor
                logger.info("%s %s is deprecated, used by %s", request.path, " ".join(used), by)

    def raise_uncaught_exception(self, exc: Exception) -> NoReturn:
        raise exc


def check_permission(user: Any, permission: str) -> None:
    """Raises NotSignedIn, ScopeMissing or Forbidden where `user` has not this permission."""
    if not user.is_authenticated:
        raise NotSignedIn
    if user.has_perm(permission):
        return
    if permission in permissions_for(user.role, None):
        raise ScopeMissing(scope=scope_of_permission(permission).value, opens=sorted(user.scopes))
    raise Forbidden(permission=permission)


def json_response(data: object, status: int = 200, *, version: str = "") -> HttpResponse:
    """`data` as the body of an answer, with the version of the row that it shows, if any.

    Bytes are JSON already.
    """
    body = data if isinstance(data, bytes) else orjson.dumps(data)
    response = HttpResponse(body, content_type="application/json", status=status)
    if version:
        response.headers["ETag"] = conditional.make_etag(body, version)
    return response


def created_response(response: HttpResponse, location: str, *, new: bool = True) -> HttpResponse:
    """`response` as 201 with the address of what is new; as it is where that was there already."""
    response.status_code = 201 if new else 200
    response.headers["Location"] = location
    return response


def _without_body(response: HttpResponse | StreamingHttpResponse) -> HttpResponseBase:
    """What HEAD gets. A web server would read the whole body, only to throw it away."""
    if isinstance(response, StreamingHttpResponse):
        response.streaming_content = ()
        return response
    response.headers.setdefault("Content-Length", str(len(response.content)))
    response.content = b""
    return response
