"""What can be asked for: the types of the schema, their values made from the models."""

from decimal import Decimal
from enum import Enum
from typing import Any, Generic, TypeVar

import strawberry
import strawberry_django
from strawberry.types import Info

from accounts.models import User
from bags import models as bags
from bags.models import Kind, State
from graphql_api.serializers import MOST_ROWS
from scans import models as scans
from scans.models import Outcome, Step

Row = TypeVar("Row")
# How many rows come where nothing is said.
USUAL = 25
TAKES = f"From 1 to {MOST_ROWS}."

strawberry.enum(Kind, graphql_name_from="value", description="What a bag is.")
strawberry.enum(State, graphql_name_from="value", description="What became of a bag.")
strawberry.enum(bags.Batch.State, name="BatchState", graphql_name_from="value")
strawberry.enum(Step, graphql_name_from="value", description="What a scan did.")
strawberry.enum(Outcome, graphql_name_from="value", description="Whether it changed anything.")


@strawberry.enum(description="From which end a list is read.")
class Order(Enum):
    oldest = "id"
    newest = "-id"


@strawberry.enum(description="In which order batches come.")
class BatchOrder(Enum):
    oldest = "id"
    newest = "-id"
    code = "code"
    code_backwards = "-code"


def told(self: Any, info: Info) -> Any:
    """What was found beforehand for this place of the query, and for this row."""
    path = tuple(part for part in info.path.as_list() if isinstance(part, str))
    return info.context[path].get(self.pk if self is not None else None)


def page(self: Any, info: Info, first: int = USUAL, after: str | None = None) -> Any:
    return told(self, info)


def scans_of_bag(
    self: Any,
    info: Info,
    first: int = USUAL,
    after: str | None = None,
    order: Order = Order.newest,
) -> Any:
    return told(self, info)


def bags_in_batch(
    self: Any,
    info: Info,
    first: int = USUAL,
    after: str | None = None,
    kind: Kind | None = None,
    state: State | None = None,
) -> Any:
    return told(self, info)


def child_count(self: Any) -> Any:
    return self.child_count if self.kind == Kind.PARENT else None


def linked(says: str) -> Any:
    return strawberry_django.field(resolver=told, description=says)


@strawberry.type(description="Where a page of a list begins and ends.")
class PageInfo:
    has_next_page: bool
    has_previous_page: bool
    start_cursor: str | None
    end_cursor: str | None


@strawberry.type(description="A row in its list.")
class Edge(Generic[Row]):
    node: Row
    cursor: str


@strawberry.type(description="A page of a list.")
class Connection(Generic[Row]):
    nodes: list[Row]
    edges: list[Edge[Row]]
    page_info: PageInfo


@strawberry_django.type(User, fields=["username"], description="Who did something.")
class Person:
    pass


@strawberry_django.type(bags.Area, fields=["code", "name", "gln", "active"])
class Area:
    """A dispatch area."""


@strawberry_django.type(
    bags.BagType,
    fields=["name", "parent_pattern", "child_pattern", "capacity", "child_weight"],
    description="What bags of one kind of goods look like; a child's weight in kg.",
)
class BagType:
    pass


@strawberry_django.type(
    bags.Batch,
    fields=[
        "id", "code", "product", "variety", "produced_on", "expires_on", "planned_bags", "notes",
        "held", "held_reason", "held_at",
    ],
    description="A production lot.",
)  # fmt: skip
class Batch:
    state: bags.Batch.State
    bag_type: BagType = linked("What its bags look like.")
    held_by: Person | None = linked("Who put it on hold.")
    bags: Connection["Bag"] = strawberry_django.field(
        resolver=bags_in_batch, description=f"Its bags that you see, the oldest first. {TAKES}"
    )


@strawberry_django.type(
    bags.Bag,
    fields=["id", "code", "capacity"],
    description="One physical bag.",
)
class Bag:
    kind: Kind
    state: State
    bag_type: BagType = linked("What it looks like.")
    batch: Batch | None = linked("Where its goods come from.")
    area: Area = linked("Where it is.")
    bound_for: Area | None = linked("Where it is on its way to.")
    parent: "Bag | None" = linked("In what it lies.")
    children: Connection["Bag"] = strawberry_django.field(
        resolver=page, description=f"What lies in it, in the order of codes. {TAKES}"
    )
    scans: Connection["Scan"] = strawberry_django.field(
        resolver=scans_of_bag, description=f"Its own scans, as scanned. {TAKES}"
    )

    child_count: int | None = strawberry_django.field(
        resolver=child_count, description="How many bags lie in it; null for a child."
    )
    weight: Decimal = strawberry_django.field(
        description="In kg; of a parent the sum of what lies in it."
    )


@strawberry_django.type(
    scans.Scan,
    fields=["id", "ref", "unexpected", "forced", "station", "note", "scanned_at", "recorded_at"],
    description="One thing that happened to one bag.",
)
class Scan:
    step: Step
    outcome: Outcome
    bag: Bag | None = linked("What was scanned; null where you do not see it.")
    parent: Bag | None = linked("The parent that it named; null where you do not see it.")
    area: Area = linked("Where it was scanned; of a dispatch, where the sack goes.")
    actor: Person = linked("Who scanned.")
    undoes: strawberry.ID | None = strawberry_django.field(
        field_name="undoes_id", description="The id of the scan that it undid."
    )
