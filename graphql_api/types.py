"""The types of the schema, made from the models, and the lists that they offer."""

from decimal import Decimal
from enum import Enum
from typing import Any, Generic, TypeVar

import strawberry
import strawberry_django
from django.db.models import QuerySet
from strawberry.types import Info as StrawberryInfo

from accounts.models import User
from bags import models as bag_models
from bags.models import Kind, State
from graphql_api.arguments import (
    MAX_PAGE_ROWS,
    BagScansArguments,
    BatchBagsArguments,
    PageArguments,
)
from graphql_api.connection import Arguments, Context, Listing, Page, ScanTimeOrdering
from graphql_api.loaders import LinkField
from scans import models as scan_models
from scans.models import Outcome, Step

RowType = TypeVar("RowType")
Info = StrawberryInfo[Context, None]
DEFAULT_PAGE_ROWS = 25
PAGE_LIMITS = f"From 1 to {MAX_PAGE_ROWS}."

# The permission that each type needs. A Person is read as part of a scan or a batch.
VIEW_PERMISSIONS = {
    "Area": "bags.view_area",
    "Bag": "bags.view_bag",
    "BagType": "bags.view_bagtype",
    "Batch": "bags.view_batch",
    "Scan": "scans.view_scan",
}

strawberry.enum(Kind, graphql_name_from="value", description="The kind of a bag.")
strawberry.enum(State, graphql_name_from="value", description="The state of a bag.")
strawberry.enum(bag_models.Batch.State, name="BatchState", graphql_name_from="value")
strawberry.enum(Step, graphql_name_from="value", description="The step of a scan.")
strawberry.enum(Outcome, graphql_name_from="value", description="The outcome of a scan.")


@strawberry.enum(description="The order of a list.")
class Order(Enum):
    oldest = "id"
    newest = "-id"


@strawberry.enum(description="The order of batches.")
class BatchOrder(Enum):
    oldest = "id"
    newest = "-id"
    code = "code"
    code_backwards = "-code"


def visible_bags(user: User, filters: Arguments) -> QuerySet[Any]:
    """Return the bags in the user's areas; None does not filter."""
    lookups = {name: value for name, value in filters.items() if value is not None}
    return bag_models.Bag.objects.visible_to(user).filter(**lookups)


def scans_of_any_bag(user: User, filters: Arguments) -> QuerySet[Any]:
    """Return all scans: as on the timeline, a visible bag shows also its scans in other areas."""
    return scan_models.Scan.objects.all()


CHILDREN = Listing(
    name="children",
    arguments_class=PageArguments,
    rows=visible_bags,
    order="code",
    parent="parent_id",
)
BAGS_OF_BATCH = Listing(
    name="bags in a batch", arguments_class=BatchBagsArguments, rows=visible_bags, parent="batch_id"
)
SCANS_OF_BAG = Listing(
    name="scans of a bag",
    arguments_class=BagScansArguments,
    rows=scans_of_any_bag,
    ordering=ScanTimeOrdering,
    parent="bag_id",
)


def link(description: str, *, to_bag: bool = False) -> Any:
    """Return the field of a foreign key. Links to bags are loaded with the bags' visibility."""
    return strawberry_django.field(
        field_cls=LinkField, description=description, disable_optimization=to_bag
    )


@strawberry.type(description="The position of a page in its list.")
class PageInfo:
    has_next_page: bool
    has_previous_page: bool
    start_cursor: str | None
    end_cursor: str | None


@strawberry.type(description="A row in its list.")
class Edge(Generic[RowType]):
    node: RowType
    cursor: str


@strawberry.type(description="A page of a list.")
class Connection(Generic[RowType]):
    nodes: list[RowType]
    edges: list[Edge[RowType]]
    page_info: PageInfo


@strawberry_django.type(User, fields=["username"], description="A user.")
class Person:
    pass


@strawberry_django.type(bag_models.Area, fields=["code", "name", "gln", "active"])
class Area:
    """A dispatch area."""


@strawberry_django.type(
    bag_models.BagType,
    fields=["name", "parent_pattern", "child_pattern", "capacity", "child_weight"],
    description="The properties of the bags of a product; the weight of a child in kg.",
)
class BagType:
    pass


@strawberry_django.type(
    bag_models.Batch,
    fields=[
        "id", "code", "product", "variety", "produced_on", "expires_on", "planned_bags", "notes",
        "held", "held_reason", "held_at",
    ],
    description="A production lot.",
)  # fmt: skip
class Batch:
    state: bag_models.Batch.State
    bag_type: BagType = link("The bag type of the batch.")
    held_by: Person | None = link("The user who put it on hold.")

    @strawberry_django.field(
        graphql_type=Connection["Bag"],
        description=f"The visible bags of the batch, oldest first. {PAGE_LIMITS}",
    )
    def bags(
        self,
        info: Info,
        first: int = DEFAULT_PAGE_ROWS,
        after: str | None = None,
        kind: Kind | None = None,
        state: State | None = None,
    ) -> Page:
        return BAGS_OF_BATCH.page_of(self, info, first=first, after=after, kind=kind, state=state)


@strawberry_django.type(
    bag_models.Bag,
    fields=["id", "code", "capacity"],
    description="One physical bag.",
)
class Bag:
    kind: Kind
    state: State
    bag_type: BagType = link("The bag type of the bag.")
    batch: Batch | None = link("The batch of the bag.")
    area: Area = link("The area of the bag.")
    bound_for: Area | None = link("The area that the bag is dispatched to.")
    parent: "Bag | None" = link("The parent that contains the bag.", to_bag=True)

    @strawberry_django.field(
        graphql_type=Connection["Bag"],
        description=f"The children of the parent, ordered by code. {PAGE_LIMITS}",
    )
    def children(
        self, info: Info, first: int = DEFAULT_PAGE_ROWS, after: str | None = None
    ) -> Page:
        return CHILDREN.page_of(self, info, first=first, after=after)

    @strawberry_django.field(
        graphql_type=Connection["Scan"],
        description=f"The scans of the bag, ordered by `scanned_at`. {PAGE_LIMITS}",
    )
    def scans(
        self,
        info: Info,
        first: int = DEFAULT_PAGE_ROWS,
        after: str | None = None,
        order: Order = Order.newest,
    ) -> Page:
        return SCANS_OF_BAG.page_of(self, info, first=first, after=after, order=order)

    @strawberry_django.field(description="The number of children; null for a child.")
    def child_count(self: Any) -> int | None:
        return self.child_count if self.kind == Kind.PARENT else None

    weight: Decimal = strawberry_django.field(
        description="In kg; for a parent, the total weight of its children."
    )

    @classmethod
    def get_queryset(cls, queryset: Any, info: Info) -> Any:
        return queryset.visible_to(info.context.user)


@strawberry_django.type(
    scan_models.Scan,
    fields=["id", "ref", "unexpected", "forced", "station", "note", "scanned_at", "recorded_at"],
    description="One scan of one bag.",
)
class Scan:
    step: Step
    outcome: Outcome
    bag: Bag | None = link("The scanned bag; null if you cannot see it.", to_bag=True)
    parent: Bag | None = link(
        "The parent that the scan named; null if you cannot see it.", to_bag=True
    )
    area: Area = link("The area of the scan; for a dispatch, the destination.")
    actor: Person = link("The user who scanned.")
    undoes: strawberry.ID | None = strawberry_django.field(
        field_name="undoes_id", description="The id of the scan that this scan undid."
    )
