"""Conditional requests (RFC 9110): ETags, 304 for what a client has already, If-Match for changes.

The tag of something that can be changed begins with its version: If-Match looks at that alone, so
a change is refused only where somebody changed the same thing, not where bags were scanned.
"""

from hashlib import blake2b

from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.utils.http import parse_etags

from tracetrack.api.row_version import ANY

WEAK = "W/"
NOT_MODIFIED_HEADERS = ("Cache-Control", "ETag", "Vary")


def make_etag(body: bytes, version: str = "") -> str:
    """The strong ETag of an answer, and of the version of the row that it shows."""
    digest = blake2b(body, digest_size=16).hexdigest()
    return f'"{version}.{digest}"' if version else f'"{digest}"'


def expected_versions(request: HttpRequest) -> frozenset[str] | None:
    """The versions that If-Match names; None where there is none. Weak tags name nothing."""
    given = request.headers.get("If-Match")
    if given is None:
        return None
    strong = [tag for tag in parse_etags(given) if not tag.startswith(WEAK)]
    return frozenset(ANY if tag == ANY else tag.strip('"').partition(".")[0] for tag in strong)


def with_etag(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """`response` to a GET with its ETag; 304 where If-None-Match names it."""
    if response.status_code != 200:
        return response
    etag = str(response.headers.get("ETag") or make_etag(response.content))
    response.headers["ETag"] = etag
    response.headers.setdefault("Cache-Control", "private, no-cache")
    known = parse_etags(request.headers.get("If-None-Match", ""))
    if ANY not in known and etag.removeprefix(WEAK) not in {k.removeprefix(WEAK) for k in known}:
        return response
    unchanged = HttpResponseNotModified()
    for name in NOT_MODIFIED_HEADERS:
        if name in response.headers:
            unchanged[name] = response[name]
    return unchanged
