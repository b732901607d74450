"""Execute a query and report its errors.

The view imports this module with the first query: importing GraphQL takes a third of a second.
"""

import re
from typing import Any

from graphql import GraphQLError, GraphQLSyntaxError
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.types.graphql import OperationType

from accounts.models import User
from graphql_api.connection import Context
from graphql_api.errors import QueryInvalid, QueryTooDeep, QueryTooLarge, QueryUnreadable
from graphql_api.limits import MAX_ALIASES, MAX_DEPTH, MAX_TOKENS
from graphql_api.schema import schema
from tracetrack.errors.problem import Problem
from tracetrack.text_cleaning import UNSTORABLE

MAX_ERRORS = 5
MAX_MESSAGE_CHARS = 300
TOO_DEEP = QueryTooDeep(limit=MAX_DEPTH)
# Parts of the messages of Strawberry's limiters and of the parser, which have no codes.
LIMIT_MESSAGES: dict[str, Problem] = {
    f"more than {MAX_TOKENS} tokens": QueryTooLarge(limit=MAX_TOKENS, what="tokens"),
    f"aliases found. Allowed: {MAX_ALIASES}": QueryTooLarge(limit=MAX_ALIASES, what="aliases"),
    f"exceeds maximum operation depth of {MAX_DEPTH}": TOO_DEEP,
    "nested too deeply": TOO_DEEP,
}


def execute_query(
    user: User, *, query: str, variables: dict[str, Any] | None, operation_name: str | None
) -> dict[str, Any]:
    """Return the response body for a query: either its `data` or its `errors`.

    Raises the errors that concern the whole request: Forbidden, ScopeMissing, Busy, TooSlow.
    """
    try:
        result = schema.execute_sync(
            query,
            variable_values=variables,
            context_value=Context(user, operation_name),
            operation_name=operation_name,
            allowed_operation_types={OperationType.QUERY},
        )
    except CannotGetOperationTypeError as error:
        return {"errors": [error_as_json(QueryInvalid(reason=error.as_http_error_reason()))]}
    except InvalidOperationTypeError as error:
        reason = f"Operations of the type {error.operation_type.value} are not offered"
        return {"errors": [error_as_json(QueryInvalid(reason=reason))]}
    return report_errors(result.errors) if result.errors else {"data": result.data}


def report_errors(errors: list[GraphQLError]) -> dict[str, Any]:
    """Return a response body without data: the first error, or several that validation found."""
    first = as_problem(errors[0])
    if isinstance(first, QueryInvalid):
        problems = [as_problem(error) for error in errors[:MAX_ERRORS]]
        return {"errors": [error_as_json(problem) for problem in problems]}
    path = [part for part in errors[0].path or () if isinstance(part, str)]
    return {"errors": [error_as_json(first, path)]}


def as_problem(error: GraphQLError) -> Problem:
    """Return the fault of the query. Raises the original error if the server is at fault."""
    original = error.original_error
    if isinstance(original, RecursionError):
        return TOO_DEEP
    if isinstance(original, Problem) and original.status == 400:
        return original
    if error.path or not isinstance(original, GraphQLError | None):
        raise original or error
    for part, problem in LIMIT_MESSAGES.items():
        if part in error.message:
            return problem
    kind = QueryUnreadable if isinstance(error, GraphQLSyntaxError) else QueryInvalid
    return kind(reason=describe_error(error))


def describe_error(error: GraphQLError) -> str:
    """Return the message of graphql-core with the line and column of the error."""
    message = re.sub(r"\s+", " ", UNSTORABLE.sub("\N{REPLACEMENT CHARACTER}", error.message))
    location = error.locations[0] if error.locations else None
    place = f" (line {location.line}, column {location.column})" if location else ""
    return f"{message[:MAX_MESSAGE_CHARS].rstrip('. ')}{place}"


def error_as_json(problem: Problem, path: list[str] | None = None) -> dict[str, Any]:
    """Return a problem as a member of `errors`."""
    extensions = {"code": problem.code, "remedy": problem.remedy, "facts": problem.facts}
    return {"message": str(problem), "extensions": extensions} | ({"path": path} if path else {})
