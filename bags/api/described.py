"""What the endpoints about bags take and answer."""

from bags.errors import BadCode, BagUnknown
from bags.models import Kind, State
from tracetrack.errors.problem import BadCursor, Busy
from tracetrack.openapi.shapes import COUNT, FLAG, INTEGER, TEXT, Table, Told, WEIGHT, leading, maybe, named, one_of, record, rows, some, walked, with_some

STREAMED = ("application/x-ndjson", "text/csv")
BAG = record(
    {
        "id": INTEGER,
        "code": TEXT,
        "kind": one_of(Kind.values),
        "bag_type": TEXT,
        "batch": maybe(TEXT),
        "area": TEXT,
        "bound_for": maybe(TEXT),
        "state": one_of(State.values),
        "parent": maybe(TEXT),
        "child_count": maybe(COUNT),
        "capacity": maybe(COUNT),
        "weight": WEIGHT,
    }
)
CHILD = record(
    {
        "code": TEXT,
        "state": one_of(State.values),
        "area": TEXT,
        "batch": maybe(TEXT),
        "weight": WEIGHT,
    }
)
FOUND_BATCH = record({"code": TEXT, "product": TEXT, "variety": TEXT, "state": TEXT, "held": FLAG})

SHAPES = with_some({"Bag": BAG, "Child": CHILD})

SACK = {
    "id": 1, "code": "SB10001", "kind": "parent", "bag_type": "mustard", "batch": "LOT-1",
    "area": "lucknow", "bound_for": None, "state": "open", "parent": None, "child_count": 2,
    "capacity": 30, "weight": "2.000",
}  # fmt: skip
ONE_SACK = {"code": "SB10001"}

OF_A_BAG = [f"GET bags/<path:code>{more}" for more in ("", "/children", "/timeline", "/trace")]
TO_THE_FIRST = leading(OF_A_BAG, code="results/0/code")

TABLE: Table = {
    "GET bags": Told(
        summary="The list of bags",
        group="bags",
        answer=walked(some("Bag")),
        example={"results": [SACK], "next": None, "previous": None, "total": 1},
        asked={"state": "open", "per_page": 20},
        leads=TO_THE_FIRST,
        forms=STREAMED,
        refusals=(BadCursor, Busy),
    ),
    "GET bags/stream": Told(
        summary="Every bag that you see, in pages or streamed whole",
        group="bags",
        answer=walked(some("Bag")),
        example={"results": [SACK], "next": None, "previous": None, "total": 1},
        asked={"area": "lucknow", "per_page": 500},
        leads=TO_THE_FIRST,
        forms=STREAMED,
        refusals=(BadCursor, Busy),
        description="JSON comes in pages: follow `next`. NDJSON and CSV come whole, while they are "
        "read: choose by `Accept` or `format`, and go on after a break with `after`.",
    ),
    "GET bags/<path:code>": Told(
        summary="One bag",
        group="bags",
        answer=some("Bag"),
        example=SACK,
        asked=ONE_SACK,
        refusals=(BagUnknown, BadCode),
    ),
    "GET bags/<path:code>/children": Told(
        summary="What lies in a parent",
        group="bags",
        answer=record({"code": TEXT, "capacity": maybe(COUNT), "results": rows(some("Child"))}),
        example={
            "code": "SB10001",
            "capacity": 30,
            "results": [
                {
                    "code": "CB001000101",
                    "state": "linked",
                    "area": "lucknow",
                    "batch": None,
                    "weight": "1.000",
                }
            ],
        },
        asked=ONE_SACK,
        refusals=(BagUnknown, BadCode),
    ),
    "GET search": Told(
        summary="Bags and batches that a text names",
        group="bags",
        answer=record(
            {
                "by": one_of(["exact", "prefix", "suffix", "contains", "none"]),
                "bags": rows(named("Bag")),
                "batches": rows(FOUND_BATCH),
                "more": FLAG,
            }
        ),
        example={
            "by": "prefix",
            "bags": [SACK],
            "batches": [
                {
                    "code": "LOT-1",
                    "product": "Mustard",
                    "variety": "",
                    "state": "open",
                    "held": False,
                }
            ],
            "more": False,
        },
        asked={"q": "SB1"},
        leads=leading(OF_A_BAG, code="bags/0/code"),
    ),
}
