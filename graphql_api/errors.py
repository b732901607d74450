"""Errors of a GraphQL query."""

from tracetrack.errors.problem import Problem


class QueryUnreadable(Problem):
    status, code = 400, "query-unreadable"
    title = "The query cannot be parsed."
    detail = "The query cannot be parsed: {reason}."
    remedy = "Correct the syntax at the line and column of the error."


class QueryInvalid(Problem):
    status, code = 400, "query-invalid"
    title = "The query does not match the schema."
    detail = "The query does not match the schema: {reason}."
    remedy = "Compare the query with the schema, which an introspection query returns."


class QueryTooLarge(Problem):
    status, code = 400, "query-too-large"
    title = "The query is too large."
    detail = "A query may have at most {limit} {what}."
    remedy = "Split the query into several requests."


class QueryTooDeep(Problem):
    status, code = 400, "query-too-deep"
    title = "The query is nested too deeply."
    detail = "A query may be nested at most {limit} levels deep."
    remedy = "Start at a lower level, with a bag or a batch by its code."


class QueryTooCostly(Problem):
    status, code = 400, "query-too-costly"
    title = "The query may return too much."
    detail = "This query may return {cost} {what}; the limit is {limit}."
    remedy = "Request less with `first`, and follow the cursors."
