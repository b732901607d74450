"""A typed client for the API, to copy into your project. It requires only Python 3.11.

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
    """A bag as the API returns it."""

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


class ApiError(Exception):
    """An error response: `code` and `facts` are for programs, the text is for people."""

    def __init__(self, document: dict[str, Any]) -> None:
        super().__init__(f"{document['detail']} {document.get('remedy', '')}".strip())
        self.status: int = document["status"]
        self.code: str = document["code"]
        self.facts: dict[str, Any] = document["facts"]
        self.request_id: str = document["request_id"]


class TraceTrack:
    """A client for one site with one token. It retries requests that get status 429 or 503."""

    def __init__(self, site: str, *, token: str, max_attempts: int = 5) -> None:
        self._site = site.rstrip("/")
        self._token = token
        self._max_attempts = max_attempts

    def bag(self, code: str) -> Bag:
        """Return one bag. Raises ApiError with the code bag-unknown if it does not exist."""
        bag: Bag = self._request("GET", f"/api/v3/bags/{quote(code, safe='')}")
        return bag

    def bags(self, **filters: str | int) -> Iterator[Bag]:
        """Yield every bag that matches the filters, page by page."""
        path: str | None = f"/api/v3/bags/stream?{urlencode(filters | {'per_page': 500})}"
        while path:
            page = self._request("GET", path)
            yield from page["results"]
            path = page["next"]

    def scan(self, *, step: str, code: str, area: str, **more: str) -> dict[str, Any]:
        """Record one scan. Its ref makes retries safe: it is recorded once."""
        scan = {
            "ref": str(uuid4()),
            "scanned_at": datetime.now(UTC).isoformat(),
            "step": step,
            "code": code,
            "area": area,
        }
        result: dict[str, Any] = self._request("POST", "/api/v3/scans", scan | more)
        return result

    def _request(self, method: str, path: str, body: Any = None) -> Any:
        for attempts_left in reversed(range(self._max_attempts)):
            try:
                return self._send(method, path, body)
            except HTTPError as error:
                api_error = ApiError(json.load(error))
                if not attempts_left or api_error.status not in (429, 503):
                    raise api_error from None
                time.sleep(int(error.headers.get("Retry-After", 1)))
            except URLError:
                # A scan may have been recorded before the response was lost; its ref makes a
                # retry safe.
                if not attempts_left:
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
        with urlopen(request, timeout=35) as response:
            return json.load(response)
