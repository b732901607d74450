"""What a query in GraphQL may be refused for."""

from tracetrack.errors.problem import Problem


class QueryUnreadable(Problem):
    status, code = 400, "query-unreadable"
    title = "This is no query."
    detail = "This is no query: {reason}."
    remedy = "Correct its spelling; an editor for GraphQL shows where it ends."


class QueryInvalid(Problem):
    status, code = 400, "query-invalid"
    title = "The query does not fit the schema."
    detail = "The query does not fit the schema: {reason}."
    remedy = "Compare it with the schema, which the query itself can ask for."


class QueryTooLarge(Problem):
    status, code = 400, "query-too-large"
    title = "The query is too large."
    detail = "A query has at most {limit} {what}."
    remedy = "Ask in several requests."


class QueryTooDeep(Problem):
    status, code = 400, "query-too-deep"
    title = "The query is nested too deeply."
    detail = "A query is nested at most {limit} deep."
    remedy = "Begin further below, with a bag or a batch by its code."


class QueryTooCostly(Problem):
    status, code = 400, "query-too-costly"
    title = "The query may give too much at once."
    detail = "This query may give {cost} {what}; at most {limit} are given at once."
    remedy = "Ask for less with `first`, and follow the cursors."
