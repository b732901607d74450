"""An ERP that keeps its own books, and finds the server's equal to them, whatever gets lost.

SITE=http://localhost:8000 TOKEN=tt_… python erp.py --scans 100000

TOKEN belongs to an administrator or to the office. It needs nothing but Python 3.11, and the bag
type `mustard`. A webhook is followed where the site may send to this machine (--hook PORT).
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
AT_ONCE = 1_000
AREA, ELSEWHERE = "lucknow", "indore"
TRIES = 100
Row = dict[str, Any]


class Site:
    """The server, over a line that loses answers; counts what that costs."""

    def __init__(self, address: str, token: str, *, chance: random.Random, loss: float) -> None:
        self._host = urlsplit(address).netloc
        self._token = token
        self._chance, self._loss = chance, loss
        self.count: Counter[str] = Counter()

    def post(self, path: str, body: object, kind: str = "application/json") -> Any:
        """The answer; sent until one comes, and now and then once more."""
        sent = body if isinstance(body, bytes) else json.dumps(body).encode()
        answer = self._insist("POST", path, sent, kind)
        if self._chance.random() < self._loss:
            self.count["sent again"] += 1
            answer = self._insist("POST", path, sent, kind)
        return json.loads(answer)

    def get(self, path: str) -> Any:
        return json.loads(self._insist("GET", path))

    def lines(self, path: str) -> list[Row]:
        """A stream of NDJSON, whole."""
        return [json.loads(line) for line in self._insist("GET", path).splitlines()]

    def with_token(self, token: str) -> "Site":
        """The same line, another key."""
        other = Site(f"//{self._host}", token, chance=self._chance, loss=self._loss)
        other.count = self.count
        return other

    def _insist(self, method: str, path: str, body: bytes = b"", kind: str = "") -> bytes:
        for _ in range(TRIES):
            lost = method == "POST" and self._chance.random() < self._loss
            try:
                status, wait, answer = self._ask(method, path, body, kind, lost=lost)
            except (OSError, http.client.HTTPException):
                self.count["answers lost"] += 1
                continue
            if status in (429, 503):
                self.count["told to wait"] += 1
                time.sleep(wait)
            elif status >= 400:
                raise RuntimeError(f"{method} {path}: {status} {answer.decode()}")
            else:
                return answer
        raise RuntimeError(f"{method} {path}: no answer in {TRIES} tries")

    def _ask(
        self, method: str, path: str, body: bytes, kind: str, *, lost: bool
    ) -> tuple[int, float, bytes]:
        line = http.client.HTTPConnection(self._host, timeout=120)
        headers = {"Authorization": f"Bearer {self._token}"} | (
            {"Content-Type": kind} if kind else {}
        )
        self.count["requests"] += 1
        try:
            line.request(method, f"/api/v3/{path}", body or None, headers)
            if lost:
                # Sometimes the server has answered by then, sometimes it has hardly begun.
                time.sleep(self._chance.random() / 5)
                raise ConnectionError("the answer was lost")
            answer = line.getresponse()
            return answer.status, float(answer.headers.get("Retry-After", 1)), answer.read()
        finally:
            line.close()


class Books:
    """What the ERP itself believes: every bag and every scan that it made."""

    def __init__(self, run: int, scans: int) -> None:
        self.lots = [f"ERP-{run}-{n}" for n in range(3)]
        self.bags: dict[str, tuple[str | None, str, str | None]] = {}
        self.scans: list[Row] = []
        self.full: set[str] = set()
        for sack in range(max(1, scans // (CAPACITY + 1))):
            self._fill(f"SB{run:03d}{sack:05d}", f"CB{run:03d}{sack:04d}", self.lots[sack % 3])

    def _fill(self, sack: str, prefix: str, lot: str) -> None:
        self.full.add(sack)
        self.bags[sack] = (None, "dispatched", None)
        for number in range(CAPACITY):
            child = f"{prefix}{number:02d}"
            self._scan("link", f"{child};{lot}", parent_code=sack)
            self.bags[child] = (sack, "linked", lot)
        self._scan("dispatch", sack, area=ELSEWHERE)

    def _scan(self, step: str, code: str, **more: str) -> None:
        made = {"ref": str(uuid4()), "scanned_at": datetime.now(UTC).isoformat(), "area": AREA}
        self.scans.append(made | {"step": step, "code": code} | more)


class Hook:
    """Receives what the webhook tells; loses some answers itself. Each event counts once."""

    def __init__(self, port: int, chance: random.Random, loss: float) -> None:
        self.seen: dict[str, Row] = {}
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                event = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                hook.seen[event["id"]] = event
                self.send_response(500 if chance.random() < loss / 10 else 204)
                self.end_headers()

            def log_message(self, *args: object) -> None:
                """Nobody listens."""

        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.url = f"http://127.0.0.1:{port}/erp"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def dispatched(self) -> set[str]:
        return {event["data"]["parent"]["code"] for event in list(self.seen.values())}

    def follow(self, wanted: set[str], seconds: float) -> set[str]:
        """What it still has not heard of after so many seconds."""
        end = time.monotonic() + seconds
        while (missing := wanted - self.dispatched()) and time.monotonic() < end:
            time.sleep(0.2)
        self._server.shutdown()
        return missing


def load(site: Site, books: Books) -> Counter[str]:
    """Everything in bulk; what was said of each scan the last time it was sent."""
    counts: Counter[str] = Counter()
    for start in range(0, len(books.scans), AT_ONCE):
        part = books.scans[start : start + AT_ONCE]
        body = b"\n".join(json.dumps(scan).encode() for scan in part)
        told = site.post("scans/bulk", body, "application/x-ndjson")
        counts.update(told["counts"])
    return counts


def differences(site: Site, books: Books) -> tuple[int, list[str]]:
    """How many scans were kept twice; and where the server's books are not the ERP's."""
    found: list[str] = []
    listed: dict[str, tuple[str | None, str, str | None]] = {}
    for lot in books.lots:
        totals, *rows = site.lines(f"batches/{lot}/recall?format=ndjson")
        bags = [row for row in rows if row["record"] == "bag"]
        if totals["bags"] != len(bags):
            found.append(f"{lot}: {totals['bags']} counted, {len(bags)} listed")
        listed |= {row["code"]: (row["parent"], row["state"], row["batch"]) for row in rows}
    found += [
        code for code in books.bags.keys() | listed if books.bags.get(code) != listed.get(code)
    ]
    ours = {scan["ref"]: scan["code"].partition(";")[0] for scan in books.scans}
    kept = [row for row in site.lines("scans/stream?format=ndjson") if row["ref"] in ours]
    twice = sum(times - 1 for times in Counter(row["ref"] for row in kept).values())
    found += [row["ref"] for row in kept if ours[row["ref"]] != row["code"]]
    found += sorted(ours.keys() - {row["ref"] for row in kept})
    code, (parent, _, lot_of) = next((c, b) for c, b in books.bags.items() if b[0])
    told = site.get(f"bags/{quote(code)}/trace")
    seen = (told["position"]["parent"], told["batch"]["code"], len(told["siblings"]))
    if seen != (parent, lot_of, CAPACITY - 1):
        found.append(f"{code}: {seen}")
    return twice, found


def main() -> int:
    """Load, follow, compare; 0 where both have the same books."""
    options = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    options.add_argument("--scans", type=int, default=100_000)
    options.add_argument("--loss", type=float, default=0.2, help="how many answers get lost")
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--hook", type=int, default=0, help="port to be told at; 0: no webhook")
    asked = options.parse_args()
    chance = random.Random(asked.seed)
    owner = Site(os.environ["SITE"], os.environ["TOKEN"], chance=chance, loss=asked.loss)
    books = Books(chance.randrange(100, 1000), asked.scans)
    for lot in books.lots:
        owner.post("batches", {
            "code": lot, "product": "Mustard", "bag_type": "mustard", "produced_on": "2026-11-01",
        })  # fmt: skip
    # What has no key of its own is not sent twice.
    careful = Site(os.environ["SITE"], os.environ["TOKEN"], chance=chance, loss=0)
    key = careful.post("tokens", {"name": "erp", "scopes": ["read", "scan"]})
    site = owner.with_token(key["token"])
    hook = Hook(asked.hook, chance, asked.loss) if asked.hook else None
    if hook:
        careful.post("webhooks", {"name": "erp", "url": hook.url, "events": ["parent.dispatched"]})
    started = time.monotonic()
    counts = load(site, books)
    took = time.monotonic() - started
    missing = hook.follow(books.full, 300) if hook else set()
    twice, wrong = differences(site, books)
    retries = sum(site.count[why] for why in ("answers lost", "sent again", "told to wait"))
    print(json.dumps({  # noqa: T201
        "scans": len(books.scans), "seconds": round(took, 1), "verdicts": counts, **site.count,
        "retries": retries, "duplicates": twice, "webhook missed": len(missing),
        "differences": len(wrong), "first": wrong[:3],
    }))  # fmt: skip
    return 1 if twice or wrong or missing or counts["refused"] else 0


if __name__ == "__main__":
    sys.exit(main())
