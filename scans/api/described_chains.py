"""What the endpoints about chains take and answer: the trace of a bag, the recall of a lot."""

from bags.api.described import STREAMED
from bags.errors import BadCode, BagUnknown, BatchUnknown
from bags.models import Batch, Kind, State
from scans.api.described import ONE
from scans.models import Step
from tracetrack.errors.problem import BadCursor, Busy
from tracetrack.openapi.shapes import COUNT, DAY, FLAG, INTEGER, MOMENT, TEXT, Table, Told, WEIGHT, maybe, named, one_of, record, rows

ACT = record(
    {
        "id": INTEGER,
        "step": one_of(Step.values),
        "scanned_at": MOMENT,
        "area": TEXT,
        "username": TEXT,
    }
)
STAY = record({"code": TEXT, "batch": maybe(TEXT), "entered": ACT, "left": maybe(ACT)})
TIMES = {"scans": COUNT, "first": MOMENT, "last": MOMENT}
TRACE = record(
    {
        "code": TEXT,
        "kind": one_of(Kind.values),
        "bag_type": TEXT,
        "at": maybe(MOMENT),
        "position": maybe(
            record(
                {
                    "state": one_of(State.values),
                    "area": TEXT,
                    "bound_for": maybe(TEXT),
                    "parent": maybe(TEXT),
                    "child_count": maybe(COUNT),
                    "capacity": maybe(COUNT),
                    "weight": WEIGHT,
                }
            )
        ),
        "batch": maybe(
            record(
                {
                    "code": TEXT,
                    "product": TEXT,
                    "variety": TEXT,
                    "produced_on": DAY,
                    "expires_on": maybe(DAY),
                    "state": one_of(Batch.State.values),
                    "held": FLAG,
                }
            )
        ),
        "parents": rows(STAY),
        "children": rows(STAY),
        "siblings": rows(record({"code": TEXT, "batch": maybe(TEXT)})),
        "lots": rows(record({"batch": maybe(TEXT), "children": COUNT})),
        "left_out": COUNT,
        "truncated": FLAG,
        "places": rows(record({"area": TEXT} | TIMES)),
        "hands": rows(record({"username": TEXT} | TIMES)),
        "way": rows(named("Stop")),
        "next": maybe(TEXT),
    }
)
SHAPES = {"Trace": TRACE}

ENTERED = {
    "id": 14, "step": "link", "scanned_at": "2026-11-23T14:27:45+00:00", "area": "lucknow",
    "username": "asha",
}  # fmt: skip
ONCE = {"scans": 1, "first": "2026-11-23T14:27:45+00:00", "last": "2026-11-23T14:27:45+00:00"}
TRACED = {
    "code": "CB001000190", "kind": "child", "bag_type": "mustard", "at": None,
    "position": {
        "state": "linked", "area": "lucknow", "bound_for": None, "parent": "SB10001",
        "child_count": None, "capacity": None, "weight": "1.000",
    },
    "batch": None,
    "parents": [{"code": "SB10001", "batch": "LOT-1", "entered": ENTERED, "left": None}],
    "children": [], "siblings": [{"code": "CB001000101", "batch": None}],
    "lots": [{"batch": None, "children": 2}], "left_out": 0, "truncated": False,
    "places": [{"area": "lucknow"} | ONCE], "hands": [{"username": "asha"} | ONCE],
    "way": [ONE | {"undone": False, "through": None}], "next": None,
}  # fmt: skip

TABLE: Table = {
    "GET bags/<path:code>/trace": Told(
        summary="A bag's whole chain, now or at any moment of the past",
        group="bags",
        answer=named("Trace"),
        example=TRACED,
        asked={"code": "CB001000101"},
        refusals=(BagUnknown, BadCode, BadCursor),
        description="`at` shows what was known at that instant. `way` comes in pages: `next`.",
    ),
    "GET batches/<path:code>/recall": Told(
        summary="Every bag of a lot, streamed, totals first",
        group="batches",
        answer={},
        example=None,
        asked={"code": "LOT-1", "format": "csv"},
        forms=STREAMED,
        refusals=(BatchUnknown, Busy),
    ),
}
