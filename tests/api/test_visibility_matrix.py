"""Responses of users with areas do not depend on the contents of other areas.

Every reading endpoint is requested in every form and order, with every filter and some fields:
first while Indore is empty, then with bags in Indore. No row, count, suggestion or cursor may
differ, also if another user filled the cache before.
"""

import re

import pytest

from bags.models import Batch
from scans.models import Scan
from tests.api_fixtures import (
    CALLS,
    FOREIGN_CODES,
    HERE,
    LOT,
    THERE,
    UNKNOWN_CODE,
    Site,
    comparable_problem,
    create_delivery_path,
    post,
    run_commit_hooks,
    scan_body,
)
from tests.factories import (
    assign_batch,
    create_reference_data,
    make_batch,
    make_loose_child,
    make_parent,
    make_user,
    scan,
)
from tests.openapi_document import NAMES, operation
from webhooks.matching import match_events

AREA_ROLES = ("operator", "viewer")
# Figures of the process, and a page.
EXCLUDED = {"GET health", "GET docs", "GET openapi.json"}
READING = [name for name in NAMES if name.startswith("GET") and name not in EXCLUDED]
VOLATILE = re.compile(rb'"(generated_at|response_time_ms|used_at|cached)":("[^"]*"|[\d.]+|\w+)')
# Parameter values that refer to a foreign area.
FILTER_VALUES = {
    "area": ["indore", "lucknow"],
    "batch": [LOT],
    "bag_type": ["mustard"],
    "username": ["ben", "asha"],
    "product": ["mus"],
    "q": [THERE, "SB", "0001", "01", "mus", "indore"],
    "after": ["0", "1"],
    "at": ["2026-11-24T00:00:00Z"],
    "per_page": ["1"],
    "loose": ["true"],
    "held": ["false"],
    "active": ["true"],
}


def make_site_without_indore() -> Site:
    """Create the site while Indore is empty."""
    create_reference_data()
    people = {
        "viewer": make_user("vera", "viewer", ["lucknow"]),
        "operator": make_user("asha", "operator", ["lucknow"]),
        "office": make_user("ben", "office"),
        "administrator": make_user("ada", "administrator"),
    }
    make_parent(HERE, 2, actor=people["office"])
    make_loose_child("CB000000901", actor=people["operator"])
    assign_batch(make_batch(LOT), HERE)
    run_commit_hooks()
    return Site(people)


def fill_indore(site: Site) -> None:
    """Record every kind of scan in Indore, by the same users and for the same batch."""
    ben = site.people["office"]
    make_parent(THERE, 1, actor=ben, area="indore")
    make_loose_child("CB000000902", actor=ben, area="indore")
    assign_batch(Batch.objects.get(code=LOT), THERE, "CB000000902")
    for step, area in (("complete", "indore"), ("dispatch", "jaipur"), ("receive", "jaipur")):
        scan(ben, step, THERE, area=area)
    last = scan(ben, "inspect", THERE, area="jaipur").scan
    scan(ben, "undo", THERE, area="jaipur", undoes=last.pk)
    run_commit_hooks()
    match_events()
    run_commit_hooks()


def urls(site: Site, role: str) -> list[str]:
    """Return all URLs that `role` requests."""
    found = []
    for name in READING:
        able = role if role in site.people else "office"
        if name == "GET webhooks/<int:webhook>/deliveries" and role == "operator":
            path = create_delivery_path(site, role).rpartition("/")[0]
        else:
            path = CALLS[name](site, able).path
        path = path.partition("?")[0]
        found += [f"/api/v3/{path}?{query}" for query in ("", *filter_queries(name))]
    return found


def filter_queries(name: str) -> list[str]:
    parameters = operation(name).get("parameters", ())
    queries = []
    for one in (p for p in parameters if p["in"] == "query"):
        shape = one["schema"]
        # Of the fields some: each alone would be one more column of the same rows.
        some = shape.get("items", {}).get("enum", ())[::5]
        values = shape.get("enum") or some or FILTER_VALUES.get(one["name"], ())
        queries += [f"{one['name']}={value}" for value in values]
    return queries


def responses(client, addresses):
    """Return the responses without volatile values."""
    found = {}
    for address in addresses:
        answer = client.get(address)
        body = VOLATILE.sub(b"", b"".join(answer))
        if answer["Content-Type"] == "application/problem+json":
            body = re.sub(rb'"request_id":"[^"]*"', b"", body)
        found[address] = (answer.status_code, body)
    return found


class TestVisibilityMatrix:
    def test_covers_every_reading_endpoint(self):
        assert len(READING) >= 20
        assert sum(len(filter_queries(name)) for name in READING) > 100

    @pytest.mark.parametrize(("role", "first"), [("operator", "office"), ("viewer", "nobody")])
    def test_responses_do_not_depend_on_other_areas(self, db, settings, role, first):
        settings.RATE_LIMITS = {}
        site = make_site_without_indore()
        client, office = site.client(role), site.client("office")
        addresses = urls(site, role)
        before = responses(client, addresses)

        fill_indore(site)
        others = responses(office, addresses) if first == "office" else {}
        after = responses(client, addresses)

        assert {at: said for at, said in after.items() if said != before[at]} == {}
        codes = [code.encode() for code in (*FOREIGN_CODES, "CB000000902")]
        matching = [at for at, (_, body) in others.items() if any(code in body for code in codes)]
        # The test could fail: a user who sees all areas finds the codes at many of these URLs.
        assert first == "nobody" or len(matching) > 30

    @pytest.mark.parametrize("role", AREA_ROLES)
    def test_statistics_do_not_depend_on_other_areas(self, db, role):
        site = make_site_without_indore()
        client = site.client(role)
        body = {"stats": ["all"], "batches": [LOT]}
        before = [post(client, "batch/stats", body | more) for more in ({}, {"batches": None})]

        fill_indore(site)
        after = [post(client, "batch/stats", body | more) for more in ({}, {"batches": None})]

        assert [VOLATILE.sub(b"", answer.content) for answer in before] == [
            VOLATILE.sub(b"", answer.content) for answer in after
        ]


class TestObjectOfAnotherUser:
    NAMES = [name for name in NAMES if "<int:webhook>" in name or "<int:token>" in name]

    @pytest.mark.parametrize("name", NAMES)
    def test_responds_like_an_unknown_object(self, site, name):
        theirs = CALLS[name](site, "office")
        number = re.search(r"/(\d+)", theirs.path)[1]
        nobodys = theirs._replace(path=theirs.path.replace(f"/{number}", "/999999"))
        client = site.client("operator")

        found = [
            comparable_problem(call.by(client, name.split()[0]), "-") for call in (theirs, nobodys)
        ]

        assert found[0][0] == 404
        # As whole words and in both: a small number also stands in /v3/, another one is a status.
        ours, others = (re.sub(rf"\b({number}|999999)\b", "N", text) for _, text in found)
        assert ours == others

    @pytest.mark.parametrize("code", [THERE, UNKNOWN_CODE])
    def test_is_refused_in_uploads_like_an_unknown_bag(self, operator, code):
        before = Scan.objects.count()
        rows = [scan_body(step, code) for step in ("inspect", "complete", "dispatch", "return")]

        results = post(operator, "scans/bulk", rows).json()["results"]

        assert {(row["code"], row["title"]) for row in results} == {
            ("bag-unknown", "The bag was not found.")
        }
        assert {str(row["facts"]) for row in results} == {str({"bag": code})}
        assert Scan.objects.count() == before
