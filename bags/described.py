"""What the endpoints about bags and batches take and answer."""

from bags.errors import BadCode, BagUnknown, BatchUnknown
from bags.models import Batch, Kind, State
from tracetrack.described import (
    COUNT,
    DAY,
    FLAG,
    INTEGER,
    MOMENT,
    NUMBER,
    TEXT,
    WEIGHT,
    Table,
    Told,
    maybe,
    named,
    one_of,
    page,
    record,
    rows,
)
from tracetrack.errors import BadCursor, Busy

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
BATCH = {
    "code": TEXT,
    "product": TEXT,
    "variety": TEXT,
    "bag_type": TEXT,
    "produced_on": DAY,
    "expires_on": maybe(DAY),
    "planned_bags": COUNT,
    "notes": TEXT,
    "state": one_of(Batch.State.values),
    "held": FLAG,
    "held_reason": TEXT,
    "held_at": maybe(MOMENT),
    "held_by": maybe(TEXT),
}
CONTENTS = record(
    {
        "parents": COUNT,
        "children": COUNT,
        "loose": COUNT,
        "by_state": rows(
            record({"kind": one_of(Kind.values), "state": one_of(State.values), "total": COUNT})
        ),
        "by_area": rows(record({"area": TEXT, "total": COUNT})),
        "planned_bags": COUNT,
        "progress": maybe(NUMBER),
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
AREA = record({"code": TEXT, "name": TEXT, "gln": TEXT, "active": FLAG, "yours": FLAG})
BAG_TYPE = record(
    {
        "name": TEXT,
        "parent_pattern": TEXT,
        "child_pattern": TEXT,
        "capacity": COUNT,
        "child_weight": WEIGHT,
    }
)
FOUND_BATCH = record({"code": TEXT, "product": TEXT, "variety": TEXT, "state": TEXT, "held": FLAG})

SHAPES = {
    "Bag": BAG,
    "Batch": record(BATCH),
    "BatchWithContents": record(BATCH | {"contents": named("Contents")}),
    "Contents": CONTENTS,
    "Child": CHILD,
    "Area": AREA,
    "BagType": BAG_TYPE,
}

SACK = {
    "id": 1, "code": "SB10001", "kind": "parent", "bag_type": "mustard", "batch": "LOT-1",
    "area": "lucknow", "bound_for": None, "state": "open", "parent": None, "child_count": 2,
    "capacity": 30, "weight": "2.000",
}  # fmt: skip
LOT = {
    "code": "LOT-1", "product": "Mustard", "variety": "", "bag_type": "mustard",
    "produced_on": "2026-11-01", "expires_on": None, "planned_bags": 100, "notes": "",
    "state": "open", "held": False, "held_reason": "", "held_at": None, "held_by": None,
}  # fmt: skip
INSIDE = {
    "parents": 2, "children": 0, "loose": 0,
    "by_state": [{"kind": "parent", "state": "open", "total": 2}],
    "by_area": [{"area": "lucknow", "total": 2}], "planned_bags": 100, "progress": 0.02,
}  # fmt: skip
ONE_SACK = {"code": "SB10001"}

TABLE: Table = {
    "GET bags": Told(
        summary="The list of bags",
        group="bags",
        answer=page(named("Bag")),
        example={"results": [SACK], "next": None},
        asked={"state": "open", "per_page": 20},
        forms=STREAMED,
        refusals=(BadCursor, Busy),
    ),
    "GET bags/stream": Told(
        summary="Every bag that you see, in pages or streamed whole",
        group="bags",
        answer=page(named("Bag")),
        example={"results": [SACK], "next": None},
        asked={"area": "lucknow", "per_page": 500},
        forms=STREAMED,
        refusals=(BadCursor, Busy),
        description="JSON comes in pages: follow `next`. NDJSON and CSV come whole, while they are "
        "read: choose by `Accept` or `format`, and go on after a break with `after`.",
    ),
    "GET bags/<path:code>": Told(
        summary="One bag",
        group="bags",
        answer=named("Bag"),
        example=SACK,
        asked=ONE_SACK,
        refusals=(BagUnknown, BadCode),
    ),
    "GET bags/<path:code>/children": Told(
        summary="What lies in a parent",
        group="bags",
        answer=record({"code": TEXT, "capacity": maybe(COUNT), "results": rows(named("Child"))}),
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
    "GET batches": Told(
        summary="The list of batches, the newest first",
        group="batches",
        answer=page(named("Batch")),
        example={"results": [LOT], "next": None},
        asked={"held": "false", "product": "mus"},
        refusals=(BadCursor,),
    ),
    "GET batches/<path:code>": Told(
        summary="A batch, its hold, and what became of its bags",
        group="batches",
        answer=named("BatchWithContents"),
        example=LOT | {"contents": INSIDE},
        asked={"code": "LOT-1"},
        refusals=(BatchUnknown, BadCode),
    ),
    "GET areas": Told(
        summary="Every area",
        group="reference",
        answer=record({"results": rows(named("Area"))}),
        example={
            "results": [
                {"code": "lucknow", "name": "Lucknow", "gln": "", "active": True, "yours": True}
            ]
        },
    ),
    "GET bag-types": Told(
        summary="Every bag type, with the patterns of its codes",
        group="reference",
        answer=record({"results": rows(named("BagType"))}),
        example={
            "results": [
                {
                    "name": "mustard",
                    "parent_pattern": "SB\\d{5,8}",
                    "child_pattern": "CB\\d{9}",
                    "capacity": 30,
                    "child_weight": "1.000",
                }
            ]
        },
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
    ),
}
