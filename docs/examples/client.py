"""A typed client for the API, to be copied. It needs nothing but Python 3.11.

site = TraceTrack("https://tracetrack.example", token="tt_…")
for bag in site.bags(area="lucknow"):
    print(bag["code"], bag["state"])
site.scan(step="link", code="CB001234501", parent_code="SB12345", area="lucknow")
"""

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, TypedDict
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urlencode
from urllib.request import Request, urlopen
from uuid import uuid4


class Bag(TypedDict):
    """A bag as the API gives it."""

    id: int
    code: str
    kind: str
    bag_type: str
    batch: str | None
    area: str
    bound_for: str | None
    state: str
    parent: str | None
    child_count: int | None
    capacity: int | None
    weight: str


class Refused(Exception):
    """The API said no: `code` and `facts` are for programs, the text is for people."""

    def __init__(self, document: dict[str, Any]) -> None:
        super().__init__(f"{document['detail']} {document.get('remedy', '')}".strip())
        self.status: int = document["status"]
        self.code: str = document["code"]
        self.facts: dict[str, Any] = document["facts"]
        self.request_id: str = document["request_id"]


class TraceTrack:
    """One site, asked with one token. What is refused for the moment is tried again."""

    def __init__(self, site: str, *, token: str, tries: int = 5) -> None:
        self._site = site.rstrip("/")
        self._token = token
        self._tries = tries

    def bag(self, code: str) -> Bag:
        """One bag. Raises Refused, code bag-unknown, where there is none."""
        found: Bag = self._ask("GET", f"/api/v3/bags/{quote(code, safe='')}")
        return found

    def bags(self, **filters: str | int) -> Iterator[Bag]:
        """Every bag that fits, page after page."""
        path: str | None = f"/api/v3/bags/stream?{urlencode(filters | {'per_page': 500})}"
        while path:
            page = self._ask("GET", path)
            yield from page["results"]
            path = page["next"]

    def scan(self, *, step: str, code: str, area: str, **more: str) -> dict[str, Any]:
        """Record one scan. However often it has to be sent, it is recorded once."""
        scan = {
            "ref": str(uuid4()),
            "scanned_at": datetime.now(UTC).isoformat(),
            "step": step,
            "code": code,
            "area": area,
        }
        answer: dict[str, Any] = self._ask("POST", "/api/v3/scans", scan | more)
        return answer

    def _ask(self, method: str, path: str, body: Any = None) -> Any:
        for left in reversed(range(self._tries)):
            try:
                return self._send(method, path, body)
            except HTTPError as error:
                refused = Refused(json.load(error))
                if not left or refused.status not in (429, 503):
                    raise refused from None
                time.sleep(int(error.headers.get("Retry-After", 1)))
            except URLError:
                # The answer may be lost, but not the scan: its ref makes sending it again safe.
                if not left:
                    raise
                time.sleep(1)
        raise AssertionError("unreachable")

    def _send(self, method: str, path: str, body: Any) -> Any:
        headers = {"Authorization": f"Bearer {self._token}"}
        data = None
        if body is not None:
            headers["Content-Type"] = "application/json"
            data = json.dumps(body).encode()
        request = Request(self._site + path, data, headers, method=method)
        with urlopen(request, timeout=35) as answer:
            return json.load(answer)
