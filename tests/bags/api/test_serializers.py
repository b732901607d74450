"""Rows that lists and exports read from the database equal the output of the serializers."""

import json

import pytest

from bags.api.serializers import (
    BAG_COLUMNS,
    BATCH_COLUMNS,
    CHILD_COLUMNS,
    BagSerializer,
    BatchSerializer,
    ChildSerializer,
)
from bags.models import Bag, Batch
from bags.queries import BAG_RELATIONS, bag_rows, bag_rows_by_id
from tests.factories import make_batch, make_parent, scan


@pytest.fixture
def bags(site):
    """Return bags of both kinds: with and without batch and parent, in an area and dispatched."""
    make_parent("M444-10001", children=15, area="jaipur")
    make_parent("SB30001", children=2)
    Bag.objects.filter(parent__code="SB30001").update(batch=make_batch("LOT-7"))
    scan(site.people["office"], "dispatch", "M444-10001", area="lucknow")
    return list(Bag.objects.select_related(*BAG_RELATIONS).order_by("id"))


class TestBags:
    def test_in_lists_equal_the_serializer(self, bags):
        expected = [BagSerializer(bag).data for bag in bags]

        assert bag_rows(Bag.objects.order_by("id"), BAG_COLUMNS) == expected
        assert bag_rows_by_id([bag.pk for bag in bags]) == expected
        assert [list(row) for row in bag_rows_by_id([bags[0].pk])] == [list(BAG_COLUMNS)]

    def test_within_a_parent_equal_the_serializer(self, bags):
        parent = next(bag for bag in bags if bag.code == "SB30001")
        children = Bag.objects.children_of(parent)
        related = children.select_related(*BAG_RELATIONS)

        assert bag_rows(children, CHILD_COLUMNS) == [ChildSerializer(bag).data for bag in related]

    def test_in_a_stream_equal_the_serializer(self, bags, office):
        lines = b"".join(office.get("/api/v3/bags/stream?format=ndjson")).splitlines()

        streamed = [json.loads(line) for line in lines]
        own = Bag.objects.select_related(*BAG_RELATIONS).order_by("id")
        assert streamed == [BagSerializer(bag).data for bag in own]


class TestBatches:
    def test_in_lists_equal_the_serializer(self, bags, office):
        rows = office.get("/api/v3/batches").json()["results"]

        batches = Batch.objects.select_related("bag_type", "held_by").order_by("-id")
        assert rows == [BatchSerializer(batch).data for batch in batches]
        assert [list(row) for row in rows] == [list(BATCH_COLUMNS)] * len(rows)
