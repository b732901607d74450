"""What a query costs the database: one question for each list and link, never one for each row."""

import json
import os

import pytest
from django.db import connection

from bags.models import Batch
from graphql_api.schema import schema
from tests.api_fixtures import HERE, HERE_CHILD, run_commit_hooks
from tests.factories import assign_batch, child_codes, make_batch, make_parent, scan
from tests.graphql_api.asking import ask, cost
from tests.live_server import ROOT
from tests.query_budgets import check_budget
from tests.query_plans import LARGE_TABLES, full_reads, plan_of, read_queries

SCHEMA = ROOT / "docs" / "schema.graphql"

# A level, and below it everything that hangs together with it.
LEVELS = {
    "bags": "{ bags { nodes { code } } }",
    "bags, what they point to": """{ bags { nodes {
        bagType { name } batch { code } area { code } boundFor { code } parent { code } } } }""",
    "bags, children": "{ bags { nodes { children { nodes { code parent { code } } } } } }",
    "bags, scans": "{ bags { nodes { scans { nodes { step } } } } }",
    "bags, children, scans": """{ bags(first: 5) { nodes { children(first: 5) { nodes {
        scans(first: 5) { nodes { actor { username } area { code } bag { code } } } } } } } }""",
    "batches": "{ batches { nodes { code bagType { name } heldBy { username } } } }",
    "batches, bags": "{ batches { nodes { bags(first: 20) { nodes { code } } } } }",
    "batches, bags, children": """{ batches(first: 5) { nodes { bags(first: 5) { nodes {
        area { code } children(first: 5) { nodes { code batch { code } } } } } } } }""",
    "scans": "{ scans { nodes { step } } }",
    "scans, what they point to": """{ scans { nodes {
        bag { code parent { code } } parent { code } area { code } actor { username } } } }""",
    "a bag": '{ bag(code: "SB10001") { code children { nodes { code } } } }',
    "a batch": '{ batch(code: "LOT-1") { code bags { nodes { code } } } }',
}


@pytest.fixture
def crowded(site):
    """More of everything."""
    ben = site.people["office"]
    for n in range(3):
        make_parent(f"SB3000{n}", 4, actor=ben)
        assign_batch(make_batch(f"LOT-3{n}"), f"SB3000{n}", *child_codes(f"SB3000{n}", 4))
    for code in child_codes("SB30000", 4):
        scan(ben, "inspect", code)
    run_commit_hooks()
    return site


class TestALevel:
    @pytest.mark.parametrize("level", LEVELS)
    def test_costs_its_budget(self, site, level):
        client = site.client("operator")
        ask(client, LEVELS[level])

        check_budget(f"POST graphql, {level}", cost(client, LEVELS[level]))

    @pytest.mark.parametrize("level", LEVELS)
    def test_costs_the_same_for_more_rows(self, site, request, level):
        client = site.client("office")
        assign_batch(Batch.objects.get(), HERE_CHILD)
        few = len(cost(client, LEVELS[level]))

        request.getfixturevalue("crowded")

        assert len(cost(client, LEVELS[level])) == few

    @pytest.mark.parametrize("role", ["operator", "office"])
    @pytest.mark.parametrize("level", LEVELS)
    def test_reads_no_large_table_whole(self, crowded, level, role):
        with connection.cursor() as cursor:
            cursor.execute("REINDEX TABLE bags_bag; REINDEX TABLE scans_scan")
            cursor.execute("ANALYZE bags_bag; ANALYZE scans_scan")
            cursor.execute(
                "UPDATE pg_class SET reltuples = 4000000 WHERE relname = ANY (%s)",
                [list(LARGE_TABLES)],
            )

        found = list(read_queries(cost(crowded.client(role), LEVELS[level])))

        assert len(found) > 2
        whole = [node for text in found for node in full_reads(plan_of(text))]
        assert whole == [], json.dumps(whole, indent=1)

    @pytest.mark.parametrize(
        ("query", "index"),
        [
            ("{ bags { nodes { children(first: 2) { nodes { code } } } } }", "bag_children"),
            ("{ bags { nodes { scans(first: 2) { nodes { step } } } } }", "scan_of_bag"),
            ("{ batches { nodes { bags(first: 2) { nodes { code } } } } }", "bag_in_batch"),
        ],
    )
    def test_looks_once_for_each_owner_by_an_index(self, crowded, query, index):
        with connection.cursor() as cursor:
            cursor.execute("REINDEX TABLE bags_bag; REINDEX TABLE scans_scan")
            cursor.execute("ANALYZE bags_bag; ANALYZE scans_scan")

        (text,) = [t for t in read_queries(cost(crowded.client("office"), query)) if "LATERAL" in t]

        explained = json.dumps(plan_of(text))
        assert f'"Index Name": "{index}"' in explained, explained


class TestTheSchema:
    def test_is_the_one_of_the_docs(self):
        """UPDATE_BUDGETS=1 writes it anew."""
        if os.environ.get("UPDATE_BUDGETS"):
            SCHEMA.write_text(f"{schema.as_str()}\n", encoding="utf-8")

        assert SCHEMA.read_text(encoding="utf-8") == f"{schema.as_str()}\n"


class TestAnAnswer:
    def test_is_of_one_moment(self, site):
        queries = cost(site.client("office"), LEVELS["bags, children"])
        texts = [query["sql"] for query in queries]

        begins = next(n for n, text in enumerate(texts) if "SAVEPOINT" in text)
        ends = next(n for n, text in enumerate(texts) if "RELEASE" in text)
        assert all(begins < n < ends for n, text in enumerate(texts) if "bags_bag" in text)

    def test_does_not_ask_for_what_nobody_wants(self, site):
        queries = cost(site.client("office"), "{ __schema { types { name } } }")

        assert not any("bags_" in query["sql"] for query in queries)

    def test_asks_nothing_below_nothing(self, site):
        query = (
            f'{{ bag(code: "{HERE}") {{ boundFor {{ code }} children {{ nodes {{ code }} }} }} }}'
        )
        none = query.replace(HERE, "SB99999")

        assert len(cost(site.client("office"), none)) < len(cost(site.client("office"), query))
