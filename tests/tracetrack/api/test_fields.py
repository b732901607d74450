"""The parameter `fields` selects fields; queries and cache entries depend on the selection."""

import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.api_fixtures import CALLS, HERE, LOT, create_delivery_path, run_commit_hooks
from tests.endpoints import allowed_role, api_views
from tests.factories import make_parent
from tests.openapi_document import operation, resolve
from tests.problem_assertions import assert_problem

SHOWING = sorted(
    f"GET {route}"
    for route, view in api_views().items()
    if "GET" in view.permissions and view.fields
)
MEMBERS = {"GET tokens": "GET tokens/<int:token>", "GET webhooks": "GET webhooks/<int:webhook>"}
STREAMS = ("bags/stream", "scans/stream")


def path_of(name, site):
    role = allowed_role(name)
    if name == "GET webhooks/<int:webhook>/deliveries":
        return create_delivery_path(site, role).rpartition("/")[0]
    if one := MEMBERS.get(name):
        # Otherwise the list is empty.
        CALLS[one](site, role)
    return CALLS[name](site, role).path


def get(site, name, fields):
    path = path_of(name, site)
    return site.client(allowed_role(name)).get(f"/api/v3/{path}?fields={fields}")


def rows(answer):
    """Return the rows of a list, or the single row of a detail."""
    document = answer.json()
    return document.get("results", [document])


def described(name):
    """Return the names of the fields in the OpenAPI document."""
    content = operation(name)["responses"]["200"]["content"]
    schema = resolve(content["application/json"]["schema"])
    if "properties" in schema:
        schema = schema["properties"]["results"]["items"]
    return tuple(resolve(schema["anyOf"][0])["properties"])


class TestFields:
    @pytest.mark.parametrize("name", [name for name in SHOWING if name != "GET scans/stream"])
    def test_that_can_be_selected_are_those_in_the_openapi_document(self, site, name):
        _, route = name.split()
        parameter = next(p for p in operation(name)["parameters"] if p["name"] == "fields")

        assert described(name) == tuple(api_views()[route].fields)
        assert parameter["schema"]["items"]["enum"] == list(described(name))
        assert parameter["explode"] is False

    @pytest.mark.parametrize("name", [name for name in SHOWING if name != "GET scans/stream"])
    def test_keep_their_values_if_selected(self, site, name):
        _, route = name.split()
        path, client = path_of(name, site), site.client(allowed_role(name))
        whole = rows(client.get(f"/api/v3/{path}"))
        some = list(api_views()[route].fields)[::2]

        selected = rows(client.get(f"/api/v3/{path}?fields={','.join(reversed(some))}"))

        assert whole
        assert [list(row) for row in selected] == [some] * len(whole)
        assert selected == [{field: row[field] for field in some} for row in whole]

    @pytest.mark.parametrize("name", SHOWING)
    @pytest.mark.parametrize(
        "given", ["", "nothing", "id,", "code,,state", "%00", "*", "code code"]
    )
    def test_that_are_unknown_are_rejected(self, site, name, given):
        document = assert_problem(get(site, name, given), 400, "bad-field")

        assert document["facts"]["field"] == "fields"

    @pytest.mark.parametrize("name", SHOWING)
    def test_cannot_be_repeated(self, site, name):
        field = api_views()[name.split()[1]].fields[0]

        document = assert_problem(get(site, name, f"{field},{field}"), 400, "bad-field")

        assert document["facts"] == {"field": "fields", "reason": "names one twice"}

    @pytest.mark.parametrize("path", ["dashboard/ultra", "search?q=SB", "users/me", "health"])
    def test_cannot_be_selected_elsewhere(self, office, path):
        mark = "&" if "?" in path else "?"

        answer = office.get(f"/api/v3/{path}{mark}fields=code")

        assert_problem(answer, 400, "unknown-parameter")


class TestResponseWithFewerFields:
    def test_is_cached_separately(self, operator):
        for _ in range(2):
            assert set(rows(operator.get("/api/v3/bags?fields=code"))[0]) == {"code"}
            assert len(rows(operator.get("/api/v3/bags"))[0]) == 12
            assert set(rows(operator.get("/api/v3/bags?fields=id,state"))[0]) == {"id", "state"}

    @pytest.mark.parametrize("path", [f"bags/{HERE}", "bags", "areas/lucknow", f"batches/{LOT}"])
    def test_has_its_own_etag(self, office, path):
        whole = office.get(f"/api/v3/{path}")["ETag"]
        some = office.get(f"/api/v3/{path}?fields=code")

        assert some["ETag"] != whole
        address = f"/api/v3/{path}?fields=code"
        assert office.get(address, headers={"If-None-Match": whole}).status_code == 200
        assert office.get(address, headers={"If-None-Match": some["ETag"]}).status_code == 304

    def test_works_with_if_match(self, office):
        tag = office.get(f"/api/v3/batches/{LOT}?fields=notes")["ETag"]

        answer = office.patch(
            f"/api/v3/batches/{LOT}", {"notes": "x"}, "application/json", headers={"If-Match": tag}
        )

        assert answer.status_code == 200
        assert answer.json()["contents"]["parents"] == 2

    def test_keeps_the_fields_on_the_next_page(self, office):
        page = office.get("/api/v3/bags?per_page=2&fields=code").json()

        assert page["next"].startswith("/api/v3/bags?per_page=2&fields=code&cursor=")
        assert {tuple(row) for row in rows(office.get(page["next"]))} == {("code",)}

    @pytest.mark.parametrize(
        ("path", "joined"),
        [("bags?fields=id,code,state", 0), ("bags?fields=area", 1), ("bags?fields=batch,area", 2),
         (f"bags/{HERE}?fields=state", 0), ("batches?fields=code,notes", 0),
         (f"bags/{HERE}/children?fields=code", 0), ("scans?fields=id,step", 0)],
    )  # fmt: skip
    def test_joins_selected_tables_only(self, office, path, joined):
        with CaptureQueriesContext(connection) as queries:
            assert office.get(f"/api/v3/{path}").status_code == 200

        statements = [
            query["sql"]
            for query in queries
            if 'FROM "bags_ba' in query["sql"] or 'FROM "scans_' in query["sql"]
        ]
        assert statements[-1].count("JOIN") == joined, statements

    def test_does_not_count_the_bags_of_a_batch_without_contents(self, office):
        with CaptureQueriesContext(connection) as some:
            office.get(f"/api/v3/batches/{LOT}?fields=notes")
        with CaptureQueriesContext(connection) as whole:
            office.get(f"/api/v3/batches/{LOT}")

        assert len(some) < len(whole)


class TestExport:
    @pytest.mark.parametrize("path", STREAMS)
    def test_has_the_selected_columns(self, office, path):
        csv = b"".join(office.get(f"/api/v3/{path}?format=csv&fields=code,id")).decode()
        lines = b"".join(office.get(f"/api/v3/{path}?format=ndjson&fields=code,id")).splitlines()

        assert csv.splitlines()[0] == "id,code"
        assert len(csv.splitlines()) == len(lines) + 1 > 2
        assert {tuple(json.loads(line)) for line in lines} == {("id", "code")}

    def test_without_ids_is_complete(self, site, office):
        for n in range(3):
            make_parent(f"SB3000{n}", 2, actor=site.people["office"])
        run_commit_hooks()

        codes = b"".join(office.get("/api/v3/bags/stream?format=csv&fields=code")).split()

        assert len(codes) == len(set(codes)) == 1 + 5 + 9
