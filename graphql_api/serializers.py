"""What a request in GraphQL may say, and the arguments of its lists."""

from typing import Any

from rest_framework import serializers

from bags.api.serializers import BAG_ORDERS, BATCH_ORDERS
from bags.codes import normalize_code
from bags.models import Batch, Kind, State
from scans.models import Outcome, Step

LONGEST_QUERY = 20_000
MOST_ROWS = 100


class QueryIn(serializers.Serializer[Any]):
    """One query, as every client of GraphQL sends it."""

    query = serializers.CharField(max_length=LONGEST_QUERY)
    variables = serializers.DictField(default=None, allow_null=True)
    operationName = serializers.CharField(
        default=None, allow_null=True, max_length=200, source="operation"
    )


class NamedIn(serializers.Serializer[Any]):
    """Which bag or batch."""

    code = serializers.CharField(max_length=512)


class Paged(serializers.Serializer[Any]):
    """How many rows, and behind which cursor."""

    first = serializers.IntegerField(min_value=1, max_value=MOST_ROWS)
    after = serializers.CharField(default=None)


class BagsIn(Paged):
    """What narrows the list of bags, as in REST."""

    kind = serializers.ChoiceField(Kind.choices, default=None)
    state = serializers.ChoiceField(State.choices, default=None)
    area = serializers.CharField(max_length=32, default=None)
    batch = serializers.CharField(max_length=64, default=None)
    bagType = serializers.CharField(max_length=32, default=None, source="bag_type")
    loose = serializers.BooleanField(default=False)
    order = serializers.ChoiceField(BAG_ORDERS, default="id")

    def validate_batch(self, given: str | None) -> str | None:
        return (normalize_code(given) or given) if given else None


class BagsInBatchIn(Paged):
    """What narrows the bags of a batch."""

    kind = serializers.ChoiceField(Kind.choices, default=None)
    state = serializers.ChoiceField(State.choices, default=None)


class BatchesIn(Paged):
    """What narrows the list of batches, as in REST."""

    state = serializers.ChoiceField(Batch.State.choices, default=None)
    held = serializers.BooleanField(default=None, allow_null=True)
    bagType = serializers.CharField(max_length=32, default=None, source="bag_type")
    product = serializers.CharField(max_length=64, default=None)
    order = serializers.ChoiceField(BATCH_ORDERS, default="-id")


class ScansOfBagIn(Paged):
    """In which order the scans of a bag come."""

    order = serializers.ChoiceField(BAG_ORDERS, default="-id")


class ScansIn(ScansOfBagIn):
    """What narrows the list of scans, as in REST."""

    step = serializers.ChoiceField(Step.choices, default=None)
    outcome = serializers.ChoiceField(Outcome.choices, default=None)
    area = serializers.CharField(max_length=32, default=None)
    username = serializers.CharField(max_length=150, default=None)
