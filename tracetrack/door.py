"""The door: programs get kept answers before Django begins, past all that only pages need.

Of the usual way it has what an answer needs: who asks, whether he may, how often; the id, the time
it took, the headers of security; refusals as problems. docs/decisions/0012-the-door.md
"""

from collections.abc import Callable, Iterable
from typing import Any

from django.core.handlers.exception import convert_exception_to_response
from django.core.handlers.wsgi import WSGIRequest
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.middleware.security import SecurityMiddleware

from tracetrack import kept, refusals
from tracetrack.policy import NoPageMiddleware
from tracetrack.refusals import RequestIdMiddleware
from tracetrack.timings import TimingMiddleware

Application = Callable[[dict[str, Any], Any], Iterable[bytes]]
# The first is the innermost, as the last in the settings is.
AROUND = (SecurityMiddleware, TimingMiddleware, RequestIdMiddleware, NoPageMiddleware)


class Door:
    """Stands before a WSGI application and answers what it can; all else it lets through.

    It knows an address once the KeptView behind it was asked the usual way. Who comes without a
    token, or with a question of his own, goes that way, too.
    """

    def __init__(self, application: Application) -> None:
        self._usual = application
        chain: Any = convert_exception_to_response(_kept_answer)
        for middleware in AROUND:
            chain = middleware(chain)
        self._answer: Callable[[HttpRequest], HttpResponse] = chain

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if not opens_for(environ):
            return self._usual(environ, start_response)
        try:
            response = self._answer(WSGIRequest(environ))
        finally:
            # Back into the pool, where Django's signals bring it on the usual way.
            connection.close()
        start_response(f"{response.status_code} {response.reason_phrase}", list(response.items()))
        return [response.content]


def _kept_answer(request: HttpRequest) -> HttpResponse:
    view, request.resolver_match = kept.asked_at[request.path_info]
    # Raises where the site has no such name.
    request.get_host()
    try:
        response = view.plainly(request)
    except refusals.KNOWN as error:
        response = refusals.refused(error, request)
    if response.status_code != 304:
        response.headers["Content-Length"] = str(len(response.content))
    return response


def opens_for(environ: dict[str, Any]) -> bool:
    """Whether this is a plain question with a token, to an address that the door knows."""
    if environ["PATH_INFO"] not in kept.asked_at:
        return False
    bears = environ.get("HTTP_AUTHORIZATION", "")[:7].lower() == "bearer "
    return bears and kept.is_plain(environ)
