"""A simulated ERP system that compares its own books with the server's after lost responses.

SITE=http://localhost:8000 TOKEN=tt_… python erp.py --scans 100000

TOKEN belongs to an administrator or to office staff. The script requires only Python 3.11, and a
site with the bag type `mustard`. With --hook PORT it also receives a webhook, if the site is
allowed to send requests to this machine.
"""

import argparse
import http.client
import json
import os
import random
import sys
import threading
import time
from collections import Counter
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import quote, urlsplit
from uuid import uuid4

CAPACITY = 30
SCANS_PER_UPLOAD = 1_000
AREA, DESTINATION = "lucknow", "indore"
MAX_ATTEMPTS = 100
WEBHOOK_TIMEOUT_SECONDS = 300
RETRY_REASONS = ("responses lost", "sent again", "waits")
Row = dict[str, Any]
# Parent, state and batch of a bag.
Position = tuple[str | None, str, str | None]


class Site:
    """A client for the server that loses a share of the responses and counts the retries."""

    def __init__(self, address: str, token: str, *, generator: random.Random, loss: float) -> None:
        self._host = urlsplit(address).netloc
        self._token = token
        self._generator, self._loss = generator, loss
        self.count: Counter[str] = Counter()

    def post(self, path: str, body: object, media_type: str = "application/json") -> Any:
        """Send a request until it gets a response, sometimes once more, and return the response."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        response = self._retry("POST", path, data, media_type)
        if self._generator.random() < self._loss:
            self.count["sent again"] += 1
            response = self._retry("POST", path, data, media_type)
        return json.loads(response)

    def get(self, path: str) -> Any:
        """Return the JSON response to a GET request."""
        return json.loads(self._retry("GET", path))

    def stream(self, path: str) -> list[Row]:
        """Return all rows of an NDJSON stream."""
        return [json.loads(line) for line in self._retry("GET", path).splitlines()]

    def with_token(self, token: str) -> "Site":
        """Return a client with another token and the same counts."""
        other = Site(f"//{self._host}", token, generator=self._generator, loss=self._loss)
        other.count = self.count
        return other

    def _retry(self, method: str, path: str, body: bytes = b"", media_type: str = "") -> bytes:
        for _ in range(MAX_ATTEMPTS):
            lose = method == "POST" and self._generator.random() < self._loss
            try:
                status, wait, response = self._send(method, path, body, media_type, lose=lose)
            except (OSError, http.client.HTTPException):
                self.count["responses lost"] += 1
                continue
            if status in (429, 503):
                self.count["waits"] += 1
                time.sleep(wait)
            elif status >= 400:
                raise RuntimeError(f"{method} {path}: {status} {response.decode()}")
            else:
                return response
        raise RuntimeError(f"{method} {path}: no response in {MAX_ATTEMPTS} attempts")

    def _send(
        self, method: str, path: str, body: bytes, media_type: str, *, lose: bool
    ) -> tuple[int, float, bytes]:
        connection = http.client.HTTPConnection(self._host, timeout=120)
        headers = {"Authorization": f"Bearer {self._token}"}
        headers |= {"Content-Type": media_type} if media_type else {}
        self.count["requests"] += 1
        try:
            connection.request(method, f"/api/v3/{path}", body or None, headers)
            if lose:
                # The server may have finished by then, or hardly started.
                time.sleep(self._generator.random() / 5)
                raise ConnectionError("the response was lost on purpose")
            response = connection.getresponse()
            wait = float(response.headers.get("Retry-After", 1))
            return response.status, wait, response.read()
        finally:
            connection.close()


class Books:
    """The ERP system's own records: every bag and every scan that it made."""

    def __init__(self, run: int, scans: int) -> None:
        self.batches = [f"ERP-{run}-{number}" for number in range(3)]
        self.bags: dict[str, Position] = {}
        self.scans: list[Row] = []
        self.sacks: set[str] = set()
        for number in range(max(1, scans // (CAPACITY + 1))):
            batch = self.batches[number % len(self.batches)]
            self._fill(f"SB{run:03d}{number:05d}", f"CB{run:03d}{number:04d}", batch)

    def _fill(self, sack: str, child_prefix: str, batch: str) -> None:
        self.sacks.add(sack)
        self.bags[sack] = (None, "dispatched", None)
        for number in range(CAPACITY):
            child = f"{child_prefix}{number:02d}"
            self._scan("link", f"{child};{batch}", parent_code=sack)
            self.bags[child] = (sack, "linked", batch)
        self._scan("dispatch", sack, area=DESTINATION)

    def _scan(self, step: str, code: str, **fields: str) -> None:
        scan = {"ref": str(uuid4()), "scanned_at": datetime.now(UTC).isoformat(), "area": AREA}
        self.scans.append(scan | {"step": step, "code": code} | fields)


class WebhookReceiver:
    """An HTTP server that stores events by id and fails for a small share of the deliveries."""

    def __init__(self, port: int, generator: random.Random, loss: float) -> None:
        self.events: dict[str, Row] = {}
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                event = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                receiver.events[event["id"]] = event
                self.send_response(500 if generator.random() < loss / 10 else 204)
                self.end_headers()

            def log_message(self, *args: object) -> None:
                """Do not log requests."""

        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.url = f"http://127.0.0.1:{port}/erp"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def wait_for(self, sacks: set[str], timeout_seconds: float) -> set[str]:
        """Wait for events of these sacks, stop the server, and return the sacks without one."""
        end = time.monotonic() + timeout_seconds
        while (missing := sacks - self._dispatched()) and time.monotonic() < end:
            time.sleep(0.2)
        self._server.shutdown()
        return missing

    def _dispatched(self) -> set[str]:
        return {event["data"]["parent"]["code"] for event in list(self.events.values())}


def upload_scans(site: Site, books: Books) -> Counter[str]:
    """Upload all scans in bulk and return the number of scans per verdict."""
    counts: Counter[str] = Counter()
    for start in range(0, len(books.scans), SCANS_PER_UPLOAD):
        part = books.scans[start : start + SCANS_PER_UPLOAD]
        body = b"\n".join(json.dumps(scan).encode() for scan in part)
        result = site.post("scans/bulk", body, "application/x-ndjson")
        counts.update(result["counts"])
    return counts


def compare_recalls(site: Site, books: Books) -> list[str]:
    """Return the differences between the recall of each batch and the books."""
    differences: list[str] = []
    bags: dict[str, Position] = {}
    for batch in books.batches:
        totals, *rows = site.stream(f"batches/{batch}/recall?format=ndjson")
        count = sum(row["record"] == "bag" for row in rows)
        if totals["bags"] != count:
            differences.append(f"{batch}: {totals['bags']} in the totals, {count} in the stream")
        bags |= {row["code"]: (row["parent"], row["state"], row["batch"]) for row in rows}
    codes = books.bags.keys() | bags
    return differences + [code for code in codes if books.bags.get(code) != bags.get(code)]


def compare_ledger(site: Site, books: Books) -> tuple[int, list[str]]:
    """Return the number of scans recorded twice, and the missing or different scans."""
    codes = {scan["ref"]: scan["code"].partition(";")[0] for scan in books.scans}
    rows = [row for row in site.stream("scans/stream?format=ndjson") if row["ref"] in codes]
    duplicates = sum(times - 1 for times in Counter(row["ref"] for row in rows).values())
    differences = [row["ref"] for row in rows if codes[row["ref"]] != row["code"]]
    return duplicates, differences + sorted(codes.keys() - {row["ref"] for row in rows})


def compare_trace(site: Site, books: Books) -> list[str]:
    """Return the difference between the trace of one packed child and the books."""
    code, (parent, _, batch) = next((code, bag) for code, bag in books.bags.items() if bag[0])
    trace = site.get(f"bags/{quote(code)}/trace")
    found = (trace["position"]["parent"], trace["batch"]["code"], len(trace["siblings"]))
    return [f"{code}: {found}"] if found != (parent, batch, CAPACITY - 1) else []


def parse_options() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--scans", type=int, default=100_000)
    parser.add_argument("--loss", type=float, default=0.2, help="share of responses to lose")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--hook", type=int, default=0, help="port for webhooks; 0: no webhook")
    return parser.parse_args()


def main() -> int:
    """Upload, receive, compare and print a report; return 0 if the books agree."""
    options = parse_options()
    generator = random.Random(options.seed)
    address, token = os.environ["SITE"], os.environ["TOKEN"]
    owner = Site(address, token, generator=generator, loss=options.loss)
    books = Books(generator.randrange(100, 1000), options.scans)
    for batch in books.batches:
        owner.post("batches", {
            "code": batch, "product": "Mustard", "bag_type": "mustard", "produced_on": "2026-11-01",
        })  # fmt: skip
    # Requests without an Idempotency-Key must not be repeated.
    reliable = Site(address, token, generator=generator, loss=0)
    created = reliable.post("tokens", {"name": "erp", "scopes": ["read", "scan"]})
    site = owner.with_token(created["token"])
    receiver = WebhookReceiver(options.hook, generator, options.loss) if options.hook else None
    if receiver:
        webhook = {"name": "erp", "url": receiver.url, "events": ["parent.dispatched"]}
        reliable.post("webhooks", webhook)
    started = time.monotonic()
    verdicts = upload_scans(site, books)
    seconds = time.monotonic() - started
    missing = receiver.wait_for(books.sacks, WEBHOOK_TIMEOUT_SECONDS) if receiver else set()
    duplicates, differences = compare_ledger(site, books)
    differences += compare_recalls(site, books) + compare_trace(site, books)
    print(json.dumps({  # noqa: T201
        "scans": len(books.scans), "seconds": round(seconds, 1), "verdicts": verdicts,
        **site.count, "retries": sum(site.count[reason] for reason in RETRY_REASONS),
        "duplicates": duplicates, "webhook missed": len(missing),
        "differences": len(differences), "first": differences[:3],
    }))  # fmt: skip
    return 1 if duplicates or differences or missing or verdicts["refused"] else 0


if __name__ == "__main__":
    sys.exit(main())
