"""What a query in GraphQL may be refused for."""

from tracetrack.errors.problem import Problem


class QueryUnreadable(Problem):
    """This is no query.

    This is no query: {reason}.
    """

    status, code = 400, "query-unreadable"
    remedy = "Correct its spelling; an editor for GraphQL shows where it ends."


class QueryInvalid(Problem):
    """The query does not fit the schema.

    The query does not fit the schema: {reason}.
    """

    status, code = 400, "query-invalid"
    remedy = "Compare it with the schema, which the query itself can ask for."


class QueryTooLarge(Problem):
    """The query is too large.

    A query has at most {limit} {what}.
    """

    status, code = 400, "query-too-large"
    remedy = "Ask in several requests."


class QueryTooDeep(Problem):
    """The query is nested too deeply.

    A query is nested at most {limit} deep.
    """

    status, code = 400, "query-too-deep"
    remedy = "Begin further below, with a bag or a batch by its code."


class QueryTooCostly(Problem):
    """The query may give too much at once.

    This query may give {cost} {what}; at most {limit} are given at once.
    """

    status, code = 400, "query-too-costly"
    remedy = "Ask for less with `first`, and follow the cursors."
