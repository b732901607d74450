"""What is wrong with a query, in words that can be sent."""

import re
from typing import Any

from graphql import GraphQLError

from tracetrack.api.json_parser import UNSTORABLE
from tracetrack.errors.problem import Problem

LONGEST = 300


def shown(error: GraphQLError) -> str:
    """What GraphQL says, and where."""
    message = re.sub(r"\s+", " ", UNSTORABLE.sub("\N{REPLACEMENT CHARACTER}", error.message))
    where = error.locations[0] if error.locations else None
    place = f" (line {where.line}, column {where.column})" if where else ""
    return f"{message[:LONGEST].rstrip('. ')}{place}"


def refused(*problems: Problem, path: tuple[str, ...] = ()) -> dict[str, Any]:
    """An answer that has no data, and says why."""
    return {"errors": [_told(problem, path) for problem in problems]}


def _told(problem: Problem, path: tuple[str, ...]) -> dict[str, Any]:
    more: dict[str, Any] = {"path": list(path)} if path else {}
    extensions = {"code": problem.code, "remedy": problem.remedy, "facts": problem.facts}
    return {"message": str(problem), "extensions": extensions} | more
