"""What a browser may do with an answer of the API: nothing, but for the pages among them."""

from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from tracetrack.errors.handler import API_PREFIX

HTML = "text/html"
NO_PAGE = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "X-Frame-Options": "DENY",
}


class ApiCspMiddleware:
    """Answers of the API that are no HTML get the strictest policy, whichever way they took."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if request.path.startswith(API_PREFIX) and not is_html(response):
            for name, value in NO_PAGE.items():
                response.headers[name] = value
        return response


def is_html(response: HttpResponseBase) -> bool:
    """Whether a browser would make a page of it."""
    return response.headers.get("Content-Type", "").startswith(HTML)
