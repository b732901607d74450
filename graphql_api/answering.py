"""From the text of a query to its answer.

Loaded with the first query: reading all of GraphQL takes a third of a second, which nobody
should wait for who starts the server. Everything is found before anything is put together, level by
level, so that no row asks for anything by itself.
"""

from time import perf_counter
from typing import Any

from django.conf import settings
from graphql import (
    ExecutionResult,
    FragmentDefinitionNode,
    GraphQLError,
    OperationDefinitionNode,
    execute_sync,
    get_operation_ast,
    get_variable_values,
    validate,
)

from accounts.models import User
from graphql_api.documents import DEEPEST, read_document
from graphql_api.errors import QueryInvalid, QueryTooDeep
from graphql_api.planning import Path, Plan, Refused, Wanted
from graphql_api.relations import Found
from graphql_api.said import refused, shown
from graphql_api.schema import schema
from tracetrack.api.view import check_permission
from tracetrack.db.snapshot import consistent_snapshot
from tracetrack.errors.http import TooSlow
from tracetrack.errors.problem import Problem

MOST_ERRORS = 5


def answered(
    user: User, *, query: str, variables: dict[str, Any] | None, operation: str | None
) -> dict[str, Any]:
    """The answer to a query: its data, or why there is none.

    Raises what concerns the whole request: Forbidden, ScopeMissing, Busy, TooSlow.
    """
    try:
        return _answered(user, query, variables, operation)
    except RecursionError:
        # What is measured is bounded; this is for what nobody thought of.
        return refused(QueryTooDeep(limit=DEEPEST))


def _answered(
    user: User, query: str, variables: dict[str, Any] | None, operation: str | None
) -> dict[str, Any]:
    try:
        document = read_document(query)
    except Problem as problem:
        return refused(problem)
    faults = validate(schema.core, document, max_errors=MOST_ERRORS)
    if faults:
        return _invalid(faults)
    chosen = get_operation_ast(document, operation)
    if chosen is None:
        return refused(QueryInvalid(reason="it does not say which of its operations is meant"))
    given = get_variable_values(schema.core, chosen.variable_definitions or (), variables or {})
    if isinstance(given, list):
        return _invalid(given)
    plan = Plan(
        {
            one.name.value: one
            for one in document.definitions
            if isinstance(one, FragmentDefinitionNode)
        },
        given,
    )
    try:
        found = _found(user, plan, chosen)
    except Refused as refusal:
        return refused(refusal.problem, path=refusal.path)
    return _told(execute_sync(schema.core, document, None, found, variables, operation))


def _found(user: User, plan: Plan, operation: OperationDefinitionNode) -> dict[Path, Found]:
    wanted = plan.wanted(schema.core.query_type, operation)
    for permission in sorted(plan.permissions):
        check_permission(user, permission)
    filling = _Filling(user)
    if wanted:
        with consistent_snapshot():
            filling.fill(wanted, None)
    return filling.found


class _Filling:
    """Asks for all rows of a level at once; as often as the query has lists and links."""

    def __init__(self, user: User) -> None:
        self.user = user
        self.found: dict[Path, Found] = {}
        self._until = perf_counter() + settings.DB_STATEMENT_SECONDS

    def fill(self, wanted: list[Wanted], rows: list[Any] | None) -> None:
        """Find what is wanted of each of `rows`, and of what is found, and so on."""
        for one in wanted:
            if perf_counter() > self._until:
                raise TooSlow
            try:
                found, below = one.relation.fetch(self.user, one.args, rows)
            except Problem as problem:
                raise Refused(problem, one.path) from None
            self.found[one.path] = found
            self.fill(one.below, below)


def _invalid(faults: list[GraphQLError]) -> dict[str, Any]:
    return refused(*(QueryInvalid(reason=shown(fault)) for fault in faults[:MOST_ERRORS]))


def _told(result: ExecutionResult) -> dict[str, Any]:
    for error in result.errors or ():
        # Everything was looked at before: this is a fault of ours, to be written down as one.
        raise error.original_error or error
    return {"data": result.data}
