"""The read-only schema: the fields of Query, and extensions that limit and optimize it."""

from collections.abc import Callable, Iterator
from time import perf_counter
from typing import Any

import strawberry
import strawberry_django
from django.conf import settings
from django.db import connection, transaction
from django.db.models import QuerySet
from strawberry.extensions import (
    AddValidationRules,
    MaxAliasesLimiter,
    MaxTokensLimiter,
    ParserCache,
    QueryDepthLimiter,
    SchemaExtension,
    ValidationCache,
)
from strawberry_django.optimizer import DjangoOptimizerExtension

from bags import models as bag_models
from bags.codes import normalize_code, parse_label
from bags.filters import BagFilters
from bags.models import Kind, State
from bags.queries import BatchFilters, all_bags
from graphql_api.arguments import (
    BagListArguments,
    BatchListArguments,
    CodeArgument,
    ScanListArguments,
)
from graphql_api.connection import Listing, Page
from graphql_api.limits import (
    MAX_ALIASES,
    MAX_DEPTH,
    MAX_TOKENS,
    DocumentLimiter,
    QueryCostLimiter,
)
from graphql_api.types import (
    DEFAULT_PAGE_ROWS,
    PAGE_LIMITS,
    Bag,
    Batch,
    BatchOrder,
    Connection,
    Info,
    Order,
    Scan,
)
from scans.models import Outcome, Step
from scans.queries import ScanFilters, filtered_scans
from tracetrack.api.params import parse_params
from tracetrack.db.snapshot import consistent_snapshot
from tracetrack.errors.http import TooSlow

BAGS = Listing(
    name="bags",
    arguments_class=BagListArguments,
    rows=lambda user, filters: all_bags(user, BagFilters(**filters)),
)
BATCHES = Listing(
    name="batches",
    arguments_class=BatchListArguments,
    rows=lambda user, filters: bag_models.Batch.objects.filter(BatchFilters(**filters).as_q()),
    restricted=False,
)
SCANS = Listing(
    name="scans",
    arguments_class=ScanListArguments,
    rows=lambda user, filters: filtered_scans(user, ScanFilters(**filters)),
)


@strawberry.type(description="The queries; each returns visible objects only.")
class Query:
    @strawberry_django.field(
        graphql_type=Bag | None, description="The bag with this label; null if you cannot see it."
    )
    def bag(self, code: str) -> QuerySet[Any]:
        label = parse_params(CodeArgument, {"code": code})["code"]
        return bag_models.Bag.objects.filter(code=parse_label(label).code)

    @strawberry_django.field(
        graphql_type=Batch | None, description="The batch with this code; null if there is none."
    )
    def batch(self, code: str) -> QuerySet[Any]:
        text = parse_params(CodeArgument, {"code": code})["code"]
        return bag_models.Batch.objects.filter(code=normalize_code(text))

    @strawberry.field(graphql_type=Connection[Bag], description=f"All visible bags. {PAGE_LIMITS}")
    def bags(
        self,
        info: Info,
        first: int = DEFAULT_PAGE_ROWS,
        after: str | None = None,
        order: Order = Order.oldest,
        kind: Kind | None = None,
        state: State | None = None,
        area: str | None = None,
        batch: str | None = None,
        bag_type: str | None = None,
        loose: bool = False,
    ) -> Page:
        return BAGS.page(
            info, first=first, after=after, order=order, kind=kind, state=state, area=area,
            batch=batch, bag_type=bag_type, loose=loose,
        )  # fmt: skip

    @strawberry.field(graphql_type=Connection[Batch], description=f"All batches. {PAGE_LIMITS}")
    def batches(
        self,
        info: Info,
        first: int = DEFAULT_PAGE_ROWS,
        after: str | None = None,
        order: BatchOrder = BatchOrder.newest,
        state: bag_models.Batch.State | None = None,
        held: bool | None = None,
        bag_type: str | None = None,
        product: str | None = None,
    ) -> Page:
        return BATCHES.page(
            info, first=first, after=after, order=order, state=state, held=held, bag_type=bag_type,
            product=product,
        )  # fmt: skip

    @strawberry.field(
        graphql_type=Connection[Scan],
        description=f"All visible scans. {PAGE_LIMITS}",
    )
    def scans(
        self,
        info: Info,
        first: int = DEFAULT_PAGE_ROWS,
        after: str | None = None,
        order: Order = Order.newest,
        step: Step | None = None,
        outcome: Outcome | None = None,
        area: str | None = None,
        username: str | None = None,
    ) -> Page:
        return SCANS.page(
            info, first=first, after=after, order=order, step=step, outcome=outcome, area=area,
            username=username,
        )  # fmt: skip


class SnapshotExtension(SchemaExtension):
    """Run all queries of a request in one snapshot, and within DB_STATEMENT_SECONDS together."""

    def on_execute(self) -> Iterator[None]:
        deadline = perf_counter() + settings.DB_STATEMENT_SECONDS

        def check_deadline(execute: Callable[..., Any], *args: Any) -> Any:
            if perf_counter() > deadline:
                raise TooSlow
            return execute(*args)

        with consistent_snapshot(), connection.execute_wrapper(check_deadline):
            yield
            result = self.execution_context.result
            if result is None or result.errors:
                # Resolvers have caught the error, which may have aborted the transaction.
                transaction.set_rollback(True)


class RowOptimizer(DjangoOptimizerExtension):
    """The optimizer, without its hook around each resolver.

    The fields of this schema hand their querysets to the optimizer themselves, so the hook would
    cost time at each value and find no queryset.
    """

    resolve = SchemaExtension.resolve  # type: ignore[assignment]


class Schema(strawberry.Schema):
    """A schema whose errors are reported to the client only, by graphql_api.execution."""

    def process_errors(self, errors: Any, execution_context: Any = None) -> None:
        """Do not log errors: faults of the server are raised, and logged by Django."""


# Strawberry makes new rule classes for each limiter; shared ones let ValidationCache work.
LIMITER_RULES = [
    *MaxAliasesLimiter(max_alias_count=MAX_ALIASES).validation_rules,
    *QueryDepthLimiter(max_depth=MAX_DEPTH).validation_rules,
]
# A document of MAX_TOKENS takes about a megabyte.
MAX_CACHED_DOCUMENTS = 32

schema = Schema(
    query=Query,
    extensions=[
        lambda: MaxTokensLimiter(max_token_count=MAX_TOKENS),
        lambda: AddValidationRules(LIMITER_RULES),
        lambda: ParserCache(maxsize=MAX_CACHED_DOCUMENTS),
        DocumentLimiter,
        lambda: ValidationCache(maxsize=MAX_CACHED_DOCUMENTS),
        QueryCostLimiter,
        SnapshotExtension,
        # Without only(): a column that the optimizer misses would cost a query per row.
        lambda: RowOptimizer(enable_only_optimization=False),
    ],
)
