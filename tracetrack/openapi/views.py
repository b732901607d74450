"""The API's own description: as OpenAPI, and as a page that works without any other site."""

from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.http import HttpResponse
from django.shortcuts import render
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

from tracetrack.api.view import ApiView
from tracetrack.errors.problem import NotSignedIn
from tracetrack.openapi.document import document

SEES = "dashboard.view_dashboard"
HTML = "text/html"


class HtmlRenderer(BaseRenderer):
    """Named so that a view can offer it."""

    media_type, format = HTML, "html"


class OpenApi(ApiView):
    """GET /api/v3/openapi.json"""

    permissions = {"GET": SEES}

    def get(self, request: Request) -> HttpResponse:
        return HttpResponse(document(), content_type="application/json")


class Docs(ApiView):
    """GET /api/v3/docs"""

    permissions = {"GET": SEES}
    renderer_classes = [HtmlRenderer]

    def get(self, request: Request) -> HttpResponse:
        return render(request._request, "pages/api_docs.html")

    def handle_exception(self, exc: Exception) -> Any:
        # A person is led to the log-in; a program hears 401 as everywhere.
        if isinstance(exc, NotSignedIn) and HTML in self.request.headers.get("Accept", ""):
            return redirect_to_login(self.request.path)
        return super().handle_exception(exc)
