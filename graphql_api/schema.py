"""The schema: where a query may begin. There is nothing that changes anything."""

from typing import Any

import strawberry
from strawberry.types import Info

from bags import models as bags
from bags.models import Kind, State
from graphql_api.types import TAKES, USUAL, Bag, Batch, BatchOrder, Connection, Order, Scan, told
from scans.models import Outcome, Step


def by_code(self: Any, info: Info, code: str) -> Any:
    return told(None, info)


def list_of_bags(
    self: Any,
    info: Info,
    first: int = USUAL,
    after: str | None = None,
    order: Order = Order.oldest,
    kind: Kind | None = None,
    state: State | None = None,
    area: str | None = None,
    batch: str | None = None,
    bag_type: str | None = None,
    loose: bool = False,
) -> Any:
    return told(None, info)


def list_of_batches(
    self: Any,
    info: Info,
    first: int = USUAL,
    after: str | None = None,
    order: BatchOrder = BatchOrder.newest,
    state: bags.Batch.State | None = None,
    held: bool | None = None,
    bag_type: str | None = None,
    product: str | None = None,
) -> Any:
    return told(None, info)


def list_of_scans(
    self: Any,
    info: Info,
    first: int = USUAL,
    after: str | None = None,
    order: Order = Order.newest,
    step: Step | None = None,
    outcome: Outcome | None = None,
    area: str | None = None,
    username: str | None = None,
) -> Any:
    return told(None, info)


@strawberry.type(description="What there is to ask for, as far as you see it.")
class Query:
    bag: Bag | None = strawberry.field(
        resolver=by_code, description="The bag that a label names; null where you see none."
    )
    batch: Batch | None = strawberry.field(
        resolver=by_code, description="The batch with this code; null where there is none."
    )
    bags: Connection[Bag] = strawberry.field(
        resolver=list_of_bags, description=f"Every bag that you see. {TAKES}"
    )
    batches: Connection[Batch] = strawberry.field(
        resolver=list_of_batches, description=f"Every batch. {TAKES}"
    )
    scans: Connection[Scan] = strawberry.field(
        resolver=list_of_scans, description=f"Every scan that you see in lists. {TAKES}"
    )


class Schema(strawberry.Schema):
    """The schema, with the way in to what checks and answers a query."""

    @property
    def core(self) -> Any:
        """The same as GraphQL's own library knows it."""
        return self._schema


schema = Schema(query=Query)
