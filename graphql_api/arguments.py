"""Serializers of the request body and of the arguments of lists."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers

from bags.api.serializers import BAG_ORDERS, BATCH_ORDERS
from bags.codes import normalize_code
from bags.models import Batch, Kind, State
from scans.models import Outcome, Step

MAX_QUERY_CHARS = 20_000
MAX_PAGE_ROWS = 100
EXAMPLE_QUERY = """query Sack($code: String!) {
  bag(code: $code) { code state children(first: 30) { nodes { code batch { code } } } }
}"""


@extend_schema_serializer(
    component_name="Query",
    examples=[OpenApiExample("Bag", {"query": EXAMPLE_QUERY, "variables": {"code": "SB10001"}})],
)
class QueryBody(serializers.Serializer[Any]):
    """A GraphQL query with its variables, as GraphQL clients send it."""

    query = serializers.CharField(min_length=1, max_length=MAX_QUERY_CHARS)
    variables = serializers.DictField(default=None, allow_null=True)
    operationName = serializers.CharField(
        default=None, allow_null=True, max_length=200, source="operation_name"
    )


class CodeArgument(serializers.Serializer[Any]):
    """The code of one bag or batch."""

    code = serializers.CharField(max_length=512)


class PageArguments(serializers.Serializer[Any]):
    """The size of a page, and the cursor after which it begins."""

    first = serializers.IntegerField(min_value=1, max_value=MAX_PAGE_ROWS)
    after = serializers.CharField(default=None)


class BagListArguments(PageArguments):
    """Filters and order of the list of bags, as in REST."""

    kind = serializers.ChoiceField(Kind.choices, default=None)
    state = serializers.ChoiceField(State.choices, default=None)
    area = serializers.CharField(max_length=32, default=None)
    batch = serializers.CharField(max_length=64, default=None)
    bagType = serializers.CharField(max_length=32, default=None, source="bag_type")
    loose = serializers.BooleanField(default=False)
    order = serializers.ChoiceField(BAG_ORDERS, default="id")

    def validate_batch(self, value: str | None) -> str | None:
        return (normalize_code(value) or value) if value else None


class BatchBagsArguments(PageArguments):
    """Filters of the bags of one batch."""

    kind = serializers.ChoiceField(Kind.choices, default=None)
    state = serializers.ChoiceField(State.choices, default=None)


class BatchListArguments(PageArguments):
    """Filters and order of the list of batches, as in REST."""

    state = serializers.ChoiceField(Batch.State.choices, default=None)
    held = serializers.BooleanField(default=None, allow_null=True)
    bagType = serializers.CharField(max_length=32, default=None, source="bag_type")
    product = serializers.CharField(max_length=64, default=None)
    order = serializers.ChoiceField(BATCH_ORDERS, default="-id")


class BagScansArguments(PageArguments):
    """Order of the scans of one bag."""

    order = serializers.ChoiceField(BAG_ORDERS, default="-id")


class ScanListArguments(BagScansArguments):
    """Filters and order of the list of scans, as in REST."""

    step = serializers.ChoiceField(Step.choices, default=None)
    outcome = serializers.ChoiceField(Outcome.choices, default=None)
    area = serializers.CharField(max_length=32, default=None)
    username = serializers.CharField(max_length=150, default=None)
