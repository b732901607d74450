"""What the endpoint of GraphQL takes and answers."""

from graphql_api import errors
from graphql_api.arguments import MAX_QUERY_CHARS
from tracetrack.openapi.shapes import TEXT, Table, Told, keyed, maybe, named, record, rows

ERROR = record(
    {
        "message": TEXT,
        "path": rows(TEXT),
        "extensions": record({"code": TEXT, "remedy": TEXT, "facts": keyed({})}),
    },
    optional=("path",),
)
SHAPES = {
    "Query": record(
        {
            "query": {"type": "string", "minLength": 1, "maxLength": MAX_QUERY_CHARS},
            "variables": maybe(keyed({})),
            "operationName": maybe({"type": "string", "maxLength": 200}),
        },
        optional=("variables", "operationName"),
    ),
    "QueryAnswer": record(
        {"data": maybe(keyed({})), "errors": rows(ERROR)}, optional=("data", "errors")
    ),
}
ASKED = """query Sack($code: String!) {
  bag(code: $code) { code state children(first: 30) { nodes { code batch { code } } } }
}"""
INSIDE = [{"code": "CB001000101", "batch": None}, {"code": "CB001000102", "batch": None}]

TABLE: Table = {
    "POST graphql": Told(
        summary="Several questions in one: GraphQL, read only",
        group="graphql",
        answer=named("QueryAnswer"),
        example={
            "data": {"bag": {"code": "SB10001", "state": "open", "children": {"nodes": INSIDE}}}
        },
        body=named("Query"),
        sent={"query": ASKED, "variables": {"code": "SB10001"}},
        description="Bags, batches and scans, and what they point to, in the shape in which they "
        "are asked for. What is wrong with a query is told in `errors`, with a stable "
        "`extensions.code`: "
        + ", ".join(
            f"`{kind.code}`"
            for kind in (
                errors.QueryUnreadable,
                errors.QueryInvalid,
                errors.QueryTooLarge,
                errors.QueryTooDeep,
                errors.QueryTooCostly,
            )
        )
        + ", `bad-field`, `bad-cursor`, `bad-code`.",
    ),
}
