"""The cost of no endpoint grows with the number of bags or scans."""

import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.api_fixtures import CALLS, Call, run_commit_hooks
from tests.endpoints import allowed_role
from tests.factories import child_codes, make_parent, scan
from tests.query_plans import LARGE_TABLES, full_reads, plan_of, read_queries
from tracetrack import cache

MORE = {
    "GET bags?order=-id": Call("bags?order=-id&per_page=2"),
    "GET bags/stream?loose=true": Call("bags/stream?loose=true&kind=child"),
    "GET bags/stream?format=csv": Call("bags/stream?format=csv"),
    "GET bags/stream?state=open&format=ndjson": Call("bags/stream?state=open&format=ndjson"),
    "GET bags?batch=LOT-1": Call("bags?batch=LOT-1"),
    "GET bags?fields=code": Call("bags?fields=code&per_page=2&order=-id"),
    "GET bags?area=lucknow": Call("bags?area=lucknow&state=open&per_page=1"),
    "GET scans?step=complete": Call("scans?step=complete"),
    "GET scans?username=ben": Call("scans?username=ben&per_page=2"),
    "GET scans?area=lucknow": Call("scans?area=lucknow&per_page=2"),
    "GET search?q=001": Call("search?q=001"),
    "GET search?q=SB": Call("search?q=SB"),
    "GET search?q=Z": Call("search?q=Z"),
    "GET scans/stream?step=link": Call("scans/stream?step=link&username=asha"),
}


class TestEndpoint:
    @pytest.fixture
    def filled(self, site):
        """Enough that statistics exist; PostgreSQL believes that the tables are large."""
        for n in range(3):
            make_parent(f"SB3000{n}", 4, actor=site.people["office"])
        for code in child_codes("SB30000", 4):
            scan(site.people["office"], "inspect", code)
        run_commit_hooks()
        with connection.cursor() as cursor:
            # Without the dead rows of other tests, which swell one index more than another.
            cursor.execute(
                "REINDEX TABLE bags_bag; REINDEX TABLE bags_bagcode; REINDEX TABLE scans_scan"
            )
            cursor.execute("ANALYZE bags_bag; ANALYZE bags_bagcode; ANALYZE scans_scan")
            cursor.execute(
                "UPDATE pg_class SET reltuples = 4000000 WHERE relname = ANY (%s)",
                [list(LARGE_TABLES)],
            )
        return site

    @pytest.mark.parametrize("role", ["operator", "office"])
    @pytest.mark.parametrize("name", [*CALLS, *MORE])
    def test_reads_no_large_table_completely(self, filled, name, role):
        if name in CALLS and allowed_role(name) != "operator":
            role = allowed_role(name)
        call = MORE.get(name) or CALLS[name](filled, role)
        client = filled.client(role)
        cache.purge("*")

        with CaptureQueriesContext(connection) as queries:
            b"".join(call.by(client, name.split()[0]))

        found = list(read_queries(queries))
        assert found or name == "GET health"
        whole = [node for text in found for node in full_reads(plan_of(text))]
        assert whole == [], json.dumps(whole, indent=1)

    def test_full_reads_are_detected(self, filled):
        for text in (
            "SELECT count(*) FROM bags_bag",
            "SELECT * FROM scans_scan WHERE note = 'x'",
            "SELECT * FROM bags_bag ORDER BY id",
        ):
            assert list(full_reads(plan_of(text))), text
        assert list(full_reads(plan_of("SELECT * FROM bags_bag ORDER BY id LIMIT 3"))) == []
