"""Database queries of a GraphQL query: one for each nested list, never one for each row."""

import json
import os
from time import process_time

import pytest
from django.db import ProgrammingError, connection

from bags.models import Batch
from graphql_api.limits import MAX_DEPTH
from graphql_api.schema import schema
from tests.api_fixtures import HERE, HERE_CHILD, run_commit_hooks
from tests.factories import assign_batch, child_codes, make_batch, make_parent, scan
from tests.graphql_api.graphql_client import database_queries, post_query, query_data
from tests.live_server import ROOT
from tests.query_budgets import check_budget
from tests.query_plans import LARGE_TABLES, full_reads, plan_of, read_queries

SCHEMA = ROOT / "docs" / "schema.graphql"

# Queries by the levels that they read.
LEVELS = {
    "bags": "{ bags { nodes { code } } }",
    "bags, links": """{ bags { nodes {
        bagType { name } batch { code } area { code } boundFor { code } parent { code } } } }""",
    "bags, children": "{ bags { nodes { children { nodes { code parent { code } } } } } }",
    "bags, scans": "{ bags { nodes { scans { nodes { step } } } } }",
    "bags, children, scans": """{ bags(first: 5) { nodes { children(first: 5) { nodes {
        scans(first: 5) { nodes { actor { username } area { code } bag { code } } } } } } } }""",
    "bags, batch, bags": "{ bags { nodes { batch { bags(first: 5) { nodes { code } } } } } }",
    "bags, links under the same alias": """{ bags {
        nodes { x: area { code } a: parent { y: area { code } } b: parent { y: batch { code } } }
        edges { node { x: parent { children(first: 5) { nodes { code } } } } } } }""",
    "batches": "{ batches { nodes { code bagType { name } heldBy { username } } } }",
    "batches, bags": "{ batches { nodes { bags(first: 20) { nodes { code } } } } }",
    "batches, bags, children": """{ batches(first: 5) { nodes { bags(first: 5) { nodes {
        area { code } children(first: 5) { nodes { code batch { code } } } } } } } }""",
    "scans": "{ scans { nodes { step } } }",
    "scans, links": """{ scans { nodes {
        bag { code parent { code } } parent { code } area { code } actor { username } } } }""",
    "a bag": '{ bag(code: "SB10001") { code children { nodes { code } } } }',
    "a batch": '{ batch(code: "LOT-1") { code bags { nodes { code } } } }',
}


@pytest.fixture
def larger_site(site):
    """The site with more bags, batches and scans."""
    ben = site.people["office"]
    for n in range(3):
        make_parent(f"SB3000{n}", 4, actor=ben)
        assign_batch(make_batch(f"LOT-3{n}"), f"SB3000{n}", *child_codes(f"SB3000{n}", 4))
    for code in child_codes("SB30000", 4):
        scan(ben, "inspect", code)
    run_commit_hooks()
    return site


def analyze_tables():
    """Let the planner know the tables as they are."""
    with connection.cursor() as cursor:
        cursor.execute("REINDEX TABLE bags_bag; REINDEX TABLE scans_scan")
        cursor.execute("ANALYZE bags_bag; ANALYZE scans_scan")


class TestLevel:
    @pytest.mark.parametrize("level", LEVELS)
    def test_keeps_its_budget(self, site, level):
        client = site.client("operator")
        query_data(client, LEVELS[level])

        check_budget(f"POST graphql, {level}", database_queries(client, LEVELS[level]))

    @pytest.mark.parametrize("level", LEVELS)
    def test_number_of_queries_does_not_depend_on_rows(self, site, request, level):
        client = site.client("office")
        assign_batch(Batch.objects.get(), HERE_CHILD)
        count = len(database_queries(client, LEVELS[level]))

        request.getfixturevalue("larger_site")

        assert len(database_queries(client, LEVELS[level])) == count

    @pytest.mark.parametrize("role", ["operator", "office"])
    @pytest.mark.parametrize("level", LEVELS)
    def test_does_not_scan_large_tables(self, larger_site, level, role):
        analyze_tables()
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE pg_class SET reltuples = 4000000 WHERE relname = ANY (%s)",
                [list(LARGE_TABLES)],
            )

        texts = list(read_queries(database_queries(larger_site.client(role), LEVELS[level])))

        assert len(texts) > 2
        scanned = [node for text in texts for node in full_reads(plan_of(text))]
        assert scanned == [], json.dumps(scanned, indent=1)

    @pytest.mark.parametrize(
        ("query", "index"),
        [
            ("{ bags { nodes { children(first: 2) { nodes { code } } } } }", "bag_children"),
            ("{ bags { nodes { scans(first: 2) { nodes { step } } } } }", "scan_of_bag"),
            ("{ batches { nodes { bags(first: 2) { nodes { code } } } } }", "bag_in_batch"),
        ],
    )
    def test_nested_list_finds_pages_once_by_index(self, larger_site, query, index):
        analyze_tables()

        queries = database_queries(larger_site.client("office"), query)

        (text,) = [text for text in read_queries(queries) if "LATERAL" in text]
        plan = json.dumps(plan_of(text))
        assert f'"Index Name": "{index}"' in plan, plan
        # An InitPlan runs once, whatever the planner expects of the table.
        assert '"Parent Relationship": "InitPlan"' in plan, plan


class TestSchema:
    def test_equals_the_documented_schema(self):
        """UPDATE_BUDGETS=1 writes docs/schema.graphql."""
        if os.environ.get("UPDATE_BUDGETS"):
            SCHEMA.write_text(f"{schema.as_str()}\n", encoding="utf-8")

        assert SCHEMA.read_text(encoding="utf-8") == f"{schema.as_str()}\n"


class TestExecution:
    def test_reads_one_snapshot(self, site):
        queries = database_queries(site.client("office"), LEVELS["bags, children"])
        texts = [query["sql"] for query in queries]

        begin = next(n for n, text in enumerate(texts) if "SAVEPOINT" in text)
        end = next(n for n, text in enumerate(texts) if "RELEASE" in text)
        assert all(begin < n < end for n, text in enumerate(texts) if "bags_bag" in text)

    def test_introspection_reads_no_rows(self, site):
        queries = database_queries(site.client("office"), "{ __schema { types { name } } }")

        assert not any("bags_" in query["sql"] for query in queries)

    def test_skips_lists_below_null(self, site):
        query = (
            f'{{ bag(code: "{HERE}") {{ boundFor {{ code }} children {{ nodes {{ code }} }} }} }}'
        )
        client = site.client("office")

        unknown = len(database_queries(client, query.replace(HERE, "SB99999")))

        assert unknown < len(database_queries(client, query))

    def test_time_is_linear_in_the_number_of_links(self, site):
        """The optimizer alone would take half a minute."""
        links = "code"
        for _ in range(MAX_DEPTH - 2):
            links = f"parent {{ {links} }}"
        client = site.client("office")

        start = process_time()
        query_data(client, f"{{ bags {{ nodes {{ {links} }} }} }}")

        assert process_time() - start < 5

    def test_raises_the_error_of_the_database(self, site, monkeypatch):
        """The error that aborted the transaction is raised, not one of those that follow."""
        monkeypatch.setattr("graphql_api.loaders.sql", lambda name: "{id} ~ %s::bigint[] {page}")
        client = site.client("office")

        with pytest.raises(ProgrammingError, match="syntax error"):
            post_query(client, LEVELS["bags, children"])
