"""A user without areas gets empty results from every endpoint, and no errors."""

import pytest
from rest_framework.test import APIClient

from accounts.roles import Role
from tests.factories import create_reference_data, make_batch, make_loose_child, make_user

pytestmark = pytest.mark.django_db(transaction=True)
CODE = "CB900000001"
FORMS = ("", "?format=csv", "?format=ndjson")
PATHS = (
    "bags", "scans", *(f"{of}/stream{form}" for of in ("bags", "scans") for form in FORMS),
    "search?q=CB9", "batches/LOT-1/recall?format=ndjson", "batches/LOT-1/recall?format=csv",
    f"bags/{CODE}", f"bags/{CODE}/timeline", f"bags/{CODE}/trace", "dashboard/ultra",
)  # fmt: skip
QUERIES = (
    "{bags(first: 2) {nodes {id}}}",
    "{scans(first: 2) {nodes {id}}}",
    "{batches(first: 2) {nodes {code bags(first: 2) {nodes {id}}}}}",
)


@pytest.fixture
def user_without_areas():
    """An operator without areas, on a site with a bag."""
    create_reference_data()
    make_loose_child(CODE)
    make_batch("LOT-1")
    client = APIClient()
    client.force_login(make_user("otto", Role.OPERATOR))
    return client


class TestUserWithoutAreas:
    @pytest.mark.parametrize("path", PATHS)
    def test_gets_empty_results(self, user_without_areas, path):
        answer = user_without_areas.get(f"/api/v3/{path}")
        body = b"".join(answer.streaming_content) if answer.streaming else answer.content

        assert answer.status_code == (404 if path.startswith("bags/CB") else 200), body
        assert answer.status_code == 404 or CODE.encode() not in body

    @pytest.mark.parametrize("query", QUERIES)
    def test_gets_empty_results_from_graphql(self, user_without_areas, query):
        answer = user_without_areas.post("/api/v3/graphql", {"query": query}, format="json")

        assert answer.status_code == 200, answer.content
        assert b"errors" not in answer.content
        assert b'"id"' not in answer.content
