"""A small site, and one call of every endpoint."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import uuid4

from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from accounts.models import ApiToken, User
from accounts.tokens import create_token, issue_token
from tests.factories import (
    assign_batch,
    child_codes,
    create_reference_data,
    make_batch,
    make_parent,
    make_user,
    scan,
)
from webhooks.actions import create_webhook, send_test
from webhooks.models import Delivery, Webhook

ROLES = ("anonymous", "viewer", "operator", "office", "administrator", "integrator")
HERE, THERE = "SB10001", "SB20001"
HERE_CHILD, THERE_CHILD = child_codes(HERE, 1)[0], child_codes(THERE, 1)[0]
LOT = "LOT-1"
UNKNOWN_CODE = "SB99999"
FOREIGN_CODES = (THERE, THERE_CHILD)
# All bags, in the order of their creation.
CODES = [HERE, *child_codes(HERE, 2), THERE, *child_codes(THERE, 1)]


@dataclass(frozen=True)
class Site:
    """A site: HERE is in Lucknow, THERE in Indore. Users see Lucknow, or all areas."""

    people: dict[str, User]

    def client(self, role: str, **options: Any) -> Client:
        """Return a client logged in with this role; an integrator uses a token."""
        if role == "integrator":
            token = issue_token(self.people[role], "test")
            run_commit_hooks()
            return Client(headers={"Authorization": f"Bearer {token}"}, **options)
        client = Client(**options)
        if role != "anonymous":
            client.force_login(self.people[role])
        return client


def make_site() -> Site:
    create_reference_data()
    people = {
        "viewer": make_user("vera", "viewer", ["lucknow"]),
        "operator": make_user("asha", "operator", ["lucknow"]),
        "office": make_user("ben", "office"),
        "administrator": make_user("ada", "administrator"),
        "integrator": make_user("ines", "integrator"),
    }
    make_parent(HERE, 2, actor=people["office"])
    make_parent(THERE, 1, actor=people["office"], area="indore")
    assign_batch(make_batch(LOT), HERE, THERE)
    run_commit_hooks()
    return Site(people)


def run_commit_hooks() -> None:
    """Run the on_commit hooks, as if the transaction of the test had committed."""
    while connection.run_on_commit:
        connection.run_on_commit.pop(0)[1]()


def scan_body(step: str, code: str, parent_code: str | None = None, **more: Any) -> dict[str, Any]:
    """Return the body of a scan."""
    named = {"parent_code": parent_code} if parent_code else {}
    made = {"ref": str(uuid4()), "scanned_at": timezone.now().isoformat()}
    return made | {"step": step, "code": code, "area": "lucknow"} | named | more


def post(client: Client, path: str, body: Any, **more: Any) -> HttpResponse:
    """POST `body` as JSON."""
    return send(client, "POST", path, body, **more)


def send(client: Client, method: str, path: str, body: Any, **more: Any) -> HttpResponse:
    """POST or PATCH `body` as JSON."""
    response = client.generic(
        method, f"/api/v3/{path}", json.dumps(body), content_type="application/json", **more
    )
    run_commit_hooks()
    return response


def comparable_problem(response: Any, code: str) -> tuple[int, str]:
    """Return status and problem of a response without the request id and the given code."""
    document = response.json()
    document.pop("request_id")
    return response.status_code, str(document).replace(code, "CODE")


class Call(NamedTuple):
    """A valid call of an endpoint."""

    path: str
    body: Any = None

    def by(self, client: Client, method: str) -> Any:
        if method in ("POST", "PATCH", "DELETE"):
            return send(client, method, self.path, self.body)
        return client.get(f"/api/v3/{self.path}")


def _undo(site: Site, role: str) -> Call:
    user = site.people.get(role)
    able = user if user and user.has_perm("scans.add_scan") else site.people["office"]
    mine = scan(able, "inspect", HERE)
    run_commit_hooks()
    return Call(f"scans/{mine.scan.pk}/undo", {"ref": str(uuid4())})


def _token(site: Site, role: str) -> ApiToken:
    """Create a token of the user with this role."""
    user = site.people.get(role) or site.people["office"]
    made = create_token(actor=user, user=user, name="gate 2").token
    run_commit_hooks()
    return made


BATCH = {"product": "Mustard", "bag_type": "mustard", "produced_on": "2026-11-01"}
AREA = {"code": "kota", "name": "Kota"}
BAG_TYPE = {"name": "jute", "parent_pattern": r"JP\d{5}", "child_pattern": r"JC\d{9}"}
WEBHOOK = {"name": "erp", "url": "https://erp.example/hook", "events": ["scan.recorded"]}

QUERY = "{ bags { nodes { code parent { code } children { nodes { code } } } } }"


def _webhook(site: Site, role: str) -> Webhook:
    """Create a webhook of the user with this role."""
    made, _ = create_webhook(actor=site.people.get(role) or site.people["office"], **WEBHOOK)
    run_commit_hooks()
    return made


def create_delivery_path(site: Site, role: str) -> str:
    """Create a finished delivery and return its path."""
    webhook = _webhook(site, role)
    delivery = send_test(webhook=webhook)
    Delivery.objects.filter(pk=delivery.pk).update(state="delivered")
    run_commit_hooks()
    return f"webhooks/{webhook.pk}/deliveries/{delivery.pk}"


# A call of every endpoint; test_permissions.py checks that none is missing.
CALLS: dict[str, Callable[[Site, str], Call]] = {
    "GET openapi.json": lambda site, role: Call("openapi.json"),
    "GET docs": lambda site, role: Call("docs"),
    "GET health": lambda site, role: Call("health"),
    "GET dashboard/ultra": lambda site, role: Call("dashboard/ultra"),
    "POST batch/stats": lambda site, role: Call("batch/stats", {"stats": ["all"]}),
    "POST cache/clear": lambda site, role: Call("cache/clear", {"pattern": "dashboard:*"}),
    "POST pool/reset": lambda site, role: Call("pool/reset", {}),
    "GET users/me": lambda site, role: Call("users/me"),
    "GET users/me/stats": lambda site, role: Call("users/me/stats"),
    "GET tokens": lambda site, role: Call("tokens"),
    "POST tokens": lambda site, role: Call("tokens", {"name": "gate 2", "scopes": ["read"]}),
    "GET tokens/<int:token>": lambda site, role: Call(f"tokens/{_token(site, role).pk}"),
    "POST tokens/<int:token>/rotate": lambda site, role: Call(
        f"tokens/{_token(site, role).pk}/rotate", {}
    ),
    "POST tokens/<int:token>/revoke": lambda site, role: Call(
        f"tokens/{_token(site, role).pk}/revoke", {}
    ),
    "GET webhooks": lambda site, role: Call("webhooks"),
    "POST webhooks": lambda site, role: Call("webhooks", WEBHOOK),
    "GET webhooks/<int:webhook>": lambda site, role: Call(f"webhooks/{_webhook(site, role).pk}"),
    "PATCH webhooks/<int:webhook>": lambda site, role: Call(
        f"webhooks/{_webhook(site, role).pk}", {"state": "paused"}
    ),
    "DELETE webhooks/<int:webhook>": lambda site, role: Call(f"webhooks/{_webhook(site, role).pk}"),
    "POST webhooks/<int:webhook>/rotate": lambda site, role: Call(
        f"webhooks/{_webhook(site, role).pk}/rotate", {}
    ),
    "POST webhooks/<int:webhook>/test": lambda site, role: Call(
        f"webhooks/{_webhook(site, role).pk}/test", {}
    ),
    "GET webhooks/<int:webhook>/deliveries": lambda site, role: Call(
        f"webhooks/{_webhook(site, role).pk}/deliveries"
    ),
    "POST webhooks/<int:webhook>/deliveries/<int:delivery>/replay": lambda site, role: Call(
        f"{create_delivery_path(site, role)}/replay", {}
    ),
    "POST graphql": lambda site, role: Call("graphql", {"query": QUERY}),
    "GET areas": lambda site, role: Call("areas"),
    "GET bag-types": lambda site, role: Call("bag-types"),
    "GET bags": lambda site, role: Call("bags"),
    "GET bags/stream": lambda site, role: Call("bags/stream"),
    "GET bags/<path:code>": lambda site, role: Call(f"bags/{HERE}"),
    "GET bags/<path:code>/timeline": lambda site, role: Call(f"bags/{HERE}/timeline"),
    "GET bags/<path:code>/trace": lambda site, role: Call(f"bags/{HERE}/trace"),
    "GET batches/<path:code>/recall": lambda site, role: Call(f"batches/{LOT}/recall"),
    "GET bags/<path:code>/children": lambda site, role: Call(f"bags/{HERE}/children"),
    "GET batches": lambda site, role: Call("batches"),
    "GET batches/<path:code>": lambda site, role: Call(f"batches/{LOT}"),
    "POST batches": lambda site, role: Call("batches", BATCH | {"code": f"NEW-{role}"}),
    "PATCH batches/<path:code>": lambda site, role: Call(f"batches/{LOT}", {"notes": role}),
    "POST batches/<path:code>/hold": lambda site, role: Call(
        f"batches/{LOT}/hold", {"reason": "smells"}
    ),
    "POST batches/<path:code>/release": lambda site, role: Call(f"batches/{LOT}/release", {}),
    "POST batches/<path:code>/close": lambda site, role: Call(f"batches/{LOT}/close", {}),
    "POST areas": lambda site, role: Call("areas", AREA),
    "GET areas/<slug:code>": lambda site, role: Call("areas/lucknow"),
    "PATCH areas/<slug:code>": lambda site, role: Call("areas/lucknow", {"name": role}),
    "POST bag-types": lambda site, role: Call("bag-types", BAG_TYPE),
    "GET bag-types/<slug:name>": lambda site, role: Call("bag-types/mustard"),
    "PATCH bag-types/<slug:name>": lambda site, role: Call("bag-types/mustard", {"capacity": 20}),
    "GET search": lambda site, role: Call(f"search?q={HERE}"),
    "GET scans/stream": lambda site, role: Call("scans/stream"),
    "GET scans": lambda site, role: Call("scans"),
    "POST scans/bulk": lambda site, role: Call("scans/bulk", [scan_body("inspect", HERE)]),
    "POST scans": lambda site, role: Call("scans", scan_body("inspect", HERE)),
    "POST scans/<int:scan>/undo": _undo,
}
