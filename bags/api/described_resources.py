"""What the endpoints about batches, areas and bag types take and answer."""

from functools import partial
from typing import Any

from bags.api.serializers import AreaChangeIn, AreaIn, BagTypeChangeIn, BagTypeIn, BatchChangeIn, BatchIn, HoldIn
from bags.errors import AreaExists, AreaUnknown, BadCode, BagTypeExists, BagTypeUnknown, BatchExists, BatchExpiresEarly, BatchUnknown, ReasonMissing
from bags.models import Batch, Kind, State
from tracetrack.errors.problem import BadCursor, Changed
from tracetrack.openapi.shapes import COUNT, DAY, FLAG, MOMENT, NUMBER, TEXT, Table, Told, WEIGHT, leading, maybe, named, one_of, record, rows, some, walked, with_some

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

SHAPES = with_some(
    {
        "Batch": record(BATCH),
        "BatchWithContents": record(BATCH | {"contents": named("Contents")}),
        "Area": AREA,
        "BagType": BAG_TYPE,
    }
) | {"Contents": CONTENTS}

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
WHOLE = LOT | {"contents": INSIDE}
ONE_LOT = {"code": "LOT-1"}
LUCKNOW = {"code": "lucknow", "name": "Lucknow", "gln": "", "active": True, "yours": True}
MUSTARD = {
    "name": "mustard", "parent_pattern": "SB\\d{5,8}", "child_pattern": "CB\\d{9}",
    "capacity": 30, "child_weight": "1.000",
}  # fmt: skip
NAMED = (BatchUnknown, Changed)
OF_A_BATCH = ["GET batches/<path:code>", "PATCH batches/<path:code>"]
OF_A_BATCH += [f"POST batches/<path:code>/{act}" for act in ("hold", "release", "close")]
OF_A_BATCH += ["GET batches/<path:code>/recall"]
OF_AN_AREA = ["GET areas/<slug:code>", "PATCH areas/<slug:code>"]
OF_A_TYPE = ["GET bag-types/<slug:name>", "PATCH bag-types/<slug:name>"]


def act(summary: str, **more: Any) -> Told:
    """An act on a batch, which answers with the batch."""
    given = {"asked": ONE_LOT, "sent": {}, "refusals": NAMED} | more
    return Told(summary, "batches", named("BatchWithContents"), WHOLE, **given)


# What answers with one area, or with one bag type.
area = partial(Told, group="reference", answer=named("Area"), example=LUCKNOW)
bag_type = partial(Told, group="reference", answer=named("BagType"), example=MUSTARD)

TABLE: Table = {
    "GET batches": Told(
        summary="The list of batches, the newest first",
        group="batches",
        answer=walked(some("Batch")),
        example={"results": [LOT], "next": None, "previous": None},
        asked={"held": "false", "product": "mus"},
        leads=leading(OF_A_BATCH, code="results/0/code"),
        refusals=(BadCursor,),
    ),
    "GET batches/<path:code>": Told(
        summary="A batch, its hold, and what became of its bags",
        group="batches",
        answer=some("BatchWithContents"),
        example=WHOLE,
        asked=ONE_LOT,
        refusals=(BatchUnknown, BadCode),
    ),
    "GET areas": Told(
        summary="Every area",
        group="reference",
        answer=walked(some("Area")),
        leads=leading(OF_AN_AREA, code="results/0/code"),
        example={"results": [LUCKNOW], "next": None, "previous": None, "total": 1},
        refusals=(BadCursor,),
    ),
    "GET bag-types": Told(
        summary="Every bag type, with the patterns of its codes",
        group="reference",
        answer=walked(some("BagType")),
        leads=leading(OF_A_TYPE, name="results/0/name"),
        example={"results": [MUSTARD], "next": None, "previous": None, "total": 1},
        refusals=(BadCursor,),
    ),
    "POST batches": Told(
        summary="Create a batch",
        group="batches",
        answer=named("BatchWithContents"),
        example=WHOLE,
        body=BatchIn,
        sent={
            "code": "LOT-2",
            "product": "Mustard",
            "bag_type": "mustard",
            "produced_on": "2026-11-01",
        },
        statuses=(201, 200),
        refusals=(BadCode, BagTypeUnknown, BatchExists, BatchExpiresEarly),
        leads=leading(OF_A_BATCH, code="code"),
        description="201: it is new. 200: it was there already, with the same content.",
    ),
    "PATCH batches/<path:code>": act(
        "Change what is written of a batch",
        body=BatchChangeIn,
        sent={"notes": "from the north field"},
        refusals=(*NAMED, BatchExpiresEarly),
    ),
    "POST batches/<path:code>/hold": act(
        "Put a batch on hold",
        body=HoldIn,
        sent={"reason": "smells"},
        refusals=(*NAMED, ReasonMissing),
    ),
    "POST batches/<path:code>/release": act("Release a batch that is on hold"),
    "POST batches/<path:code>/close": act("Close a batch for ever"),
    "POST areas": area(
        "Create an area",
        body=AreaIn,
        sent={"code": "kota", "name": "Kota"},
        statuses=(201, 200),
        refusals=(AreaExists,),
        leads=leading(OF_AN_AREA, code="code"),
    ),
    "GET areas/<slug:code>": area(
        "One area",
        answer=some("Area"),
        asked={"code": "lucknow"},
        refusals=(AreaUnknown,),
    ),
    "PATCH areas/<slug:code>": area(
        "Change an area",
        asked={"code": "lucknow"},
        body=AreaChangeIn,
        sent={"name": "Lucknow North"},
        refusals=(AreaUnknown, Changed),
    ),
    "POST bag-types": bag_type(
        "Create a bag type",
        body=BagTypeIn,
        sent={"name": "jute", "parent_pattern": "JP\\d{5}", "child_pattern": "JC\\d{9}"},
        statuses=(201, 200),
        refusals=(BagTypeExists,),
        leads=leading(OF_A_TYPE, name="name"),
    ),
    "GET bag-types/<slug:name>": bag_type(
        "One bag type",
        answer=some("BagType"),
        asked={"name": "mustard"},
        refusals=(BagTypeUnknown,),
    ),
    "PATCH bag-types/<slug:name>": bag_type(
        "Change a bag type, for the bags to come",
        asked={"name": "mustard"},
        body=BagTypeChangeIn,
        sent={"capacity": 20},
        refusals=(BagTypeUnknown, Changed),
    ),
}
