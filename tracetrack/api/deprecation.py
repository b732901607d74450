"""What goes away: said where it is declared, told with every answer that it touches."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime

from django.http.response import HttpResponseBase
from django.utils.http import http_date

# Where people read what goes away, until when, and what to use instead.
LINK = '</api/v3/docs>; rel="deprecation"; type="text/html"'


@dataclass(frozen=True, slots=True)
class Deprecated:
    """A method or a parameter: since when it is known to go away, and until when it stays."""

    since: date
    until: date
    instead: str

    def __str__(self) -> str:
        return f"Deprecated since {self.since}, answers until {self.until}: use {self.instead}."


def add_headers(response: HttpResponseBase, going: Collection[Deprecated]) -> None:
    """Say in the headers of RFC 9745 and RFC 8594 that what was used goes away."""
    if not going:
        return
    response.headers["Deprecation"] = f"@{_seconds(min(one.since for one in going))}"
    response.headers["Sunset"] = http_date(_seconds(min(one.until for one in going)))
    response.headers["Link"] = LINK


def _seconds(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())
