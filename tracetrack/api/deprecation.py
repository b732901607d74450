"""Deprecation of API methods and parameters, announced in response headers."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime

from django.http.response import HttpResponseBase
from django.utils.http import http_date

LINK = '</api/v3/docs>; rel="deprecation"; type="text/html"'


@dataclass(frozen=True, slots=True)
class Deprecated:
    """A deprecated method or parameter: the dates of deprecation and removal, and the successor."""

    since: date
    until: date
    instead: str

    def __str__(self) -> str:
        return f"Deprecated since {self.since}, answers until {self.until}: use {self.instead}."


def add_headers(response: HttpResponseBase, deprecations: Collection[Deprecated]) -> None:
    """Add `Deprecation` (RFC 9745), `Sunset` (RFC 8594) and `Link` for deprecated features."""
    if not deprecations:
        return
    response.headers["Deprecation"] = f"@{_timestamp(min(d.since for d in deprecations))}"
    response.headers["Sunset"] = http_date(_timestamp(min(d.until for d in deprecations)))
    response.headers["Link"] = LINK


def _timestamp(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())
