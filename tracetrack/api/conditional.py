"""Conditional requests (RFC 9110): ETag, If-None-Match and If-Match.

The ETag of a resource that can be changed begins with the version of its row. If-Match compares
this part only: a change of a batch is not refused because bags of it were scanned meanwhile.
"""

from hashlib import blake2b

from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.utils.http import parse_etags

from tracetrack.api.row_version import ANY

WEAK = "W/"
NOT_MODIFIED_HEADERS = ("Cache-Control", "ETag", "Vary")


def make_etag(body: bytes, version: str = "") -> str:
    """Return the strong ETag of a response body, beginning with the row version if given."""
    digest = blake2b(body, digest_size=16).hexdigest()
    return f'"{version}.{digest}"' if version else f'"{digest}"'


def expected_versions(request: HttpRequest) -> frozenset[str] | None:
    """Return the row versions in If-Match, None without the header. Weak ETags do not count."""
    header = request.headers.get("If-Match")
    if header is None:
        return None
    strong = [etag for etag in parse_etags(header) if not etag.startswith(WEAK)]
    return frozenset(ANY if etag == ANY else etag.strip('"').partition(".")[0] for etag in strong)


def with_etag(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Return the response to a GET with an ETag, or 304 if If-None-Match contains it."""
    if response.status_code != 200:
        return response
    etag = str(response.headers.get("ETag") or make_etag(response.content))
    response.headers["ETag"] = etag
    response.headers.setdefault("Cache-Control", "private, no-cache")
    if not is_not_modified(request, etag):
        return response
    not_modified = HttpResponseNotModified()
    for name in NOT_MODIFIED_HEADERS:
        if name in response.headers:
            not_modified[name] = response[name]
    return not_modified


def is_not_modified(request: HttpRequest, etag: str) -> bool:
    """Return whether If-None-Match of the request contains this ETag (weak comparison)."""
    known = parse_etags(request.META.get("HTTP_IF_NONE_MATCH", ""))
    return ANY in known or etag.removeprefix(WEAK) in {tag.removeprefix(WEAK) for tag in known}
