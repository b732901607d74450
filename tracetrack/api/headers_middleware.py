"""Middleware that adds the rate limit and security headers to API responses."""

from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from tracetrack.api import throttling
from tracetrack.errors.handler import API_PREFIX

HTML = "text/html"
CSP_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "X-Frame-Options": "DENY",
}


class ApiHeadersMiddleware:
    """Add the headers that every API response has, whichever code path produced it.

    Rate limit headers are added if the request was counted. Responses that are not HTML get a
    content security policy that allows nothing.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if request.path.startswith(API_PREFIX):
            throttling.add_headers(request, response)
            if not is_html(response):
                for name, value in CSP_HEADERS.items():
                    response.headers[name] = value
        return response


def is_html(response: HttpResponseBase) -> bool:
    """Return whether a browser would render the response as a page."""
    return response.headers.get("Content-Type", "").startswith(HTML)
