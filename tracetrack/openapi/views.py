"""Endpoints that serve the OpenAPI document, and a documentation page that loads no other site."""

from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.http import HttpResponse
from django.shortcuts import render
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

from tracetrack.api.view import ApiView
from tracetrack.errors.problem import NotSignedIn
from tracetrack.openapi.document import openapi_json

PERMISSION = "dashboard.view_dashboard"
HTML = "text/html"


class HtmlRenderer(BaseRenderer):
    """Lets a view negotiate HTML. The view renders the page itself."""

    media_type, format = HTML, "html"


@extend_schema(tags=["the API itself"])
class OpenApi(ApiView):
    """GET /api/v3/openapi.json"""

    permissions = {"GET": PERMISSION}

    @extend_schema(
        summary="Return the OpenAPI document",
        responses=OpenApiTypes.OBJECT,
        examples=[OpenApiExample("Document", {"openapi": "3.1.0"})],
    )
    def get(self, request: Request) -> HttpResponse:
        return HttpResponse(openapi_json(), content_type="application/json")


@extend_schema(tags=["the API itself"])
class Docs(ApiView):
    """GET /api/v3/docs"""

    permissions = {"GET": PERMISSION}
    renderer_classes = [HtmlRenderer]

    @extend_schema(summary="Return the documentation page", responses=OpenApiTypes.STR)
    def get(self, request: Request) -> HttpResponse:
        return render(request._request, "pages/api_docs.html")

    def handle_exception(self, exc: Exception) -> Any:
        # A browser is redirected to the log-in page; other clients get 401 as everywhere.
        if isinstance(exc, NotSignedIn) and HTML in self.request.headers.get("Accept", ""):
            return redirect_to_login(self.request.path)
        return super().handle_exception(exc)
