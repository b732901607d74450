"""What the endpoints about scans take and answer."""

from bags.api.described import OF_A_BAG, STREAMED
from bags.errors import AreaUnknown, BadCode, BagUnknown, BatchClosed, BatchHeld, BatchUnknown, ChildElsewhere, NotComplete, NotLinked, ParentComplete, ParentDispatched, ParentEmpty, ParentFull, ReasonMissing, WrongKind
from bags.models import Kind, State
from scans import errors
from scans.models import Outcome, Step
from tracetrack.errors.problem import BadCursor, BadRow, Busy
from tracetrack.openapi.shapes import COUNT, FLAG, INTEGER, MOMENT, REF, TEXT, Table, Told, keyed, leading, maybe, named, one_of, record, rows, some, walked, with_some

CODE = {"type": "string", "minLength": 3, "maxLength": 512}
LATEST = record(
    {
        "id": INTEGER,
        "timestamp": MOMENT,
        "code": TEXT,
        "kind": one_of(Kind.values),
        "step": one_of(Step.values),
        "area": TEXT,
        "username": TEXT,
        "outcome": one_of(Outcome.values),
    }
)
SCAN = {
    "id": INTEGER,
    "ref": REF,
    "step": one_of(Step.values),
    "outcome": one_of(Outcome.values),
    "unexpected": FLAG,
    "forced": FLAG,
    "code": TEXT,
    "kind": one_of(Kind.values),
    "parent": maybe(TEXT),
    "area": TEXT,
    "station": TEXT,
    "username": TEXT,
    "scanned_at": MOMENT,
    "recorded_at": MOMENT,
    "note": TEXT,
    "undoes": maybe(INTEGER),
}
STOP = record(SCAN | {"undone": FLAG, "through": maybe(TEXT)})
RECORDED = record(
    {
        "verdict": one_of(["applied", "already", "replayed"]),
        "scan": named("Scan"),
        "bag": named("Bag"),
        "parent": maybe(
            record(
                {
                    "code": TEXT,
                    "count": COUNT,
                    "capacity": COUNT,
                    "remaining": COUNT,
                    "state": one_of(State.values),
                }
            )
        ),
    }
)
NEW_SCAN = record(
    {
        "ref": REF,
        "step": one_of(Step.values),
        "code": CODE,
        "parent_code": maybe(CODE),
        "area": {"type": "string", "minLength": 1, "maxLength": 32},
        "scanned_at": MOMENT,
        "station": maybe({"type": "string", "maxLength": 64}),
        "note": maybe({"type": "string", "maxLength": 500}),
        "kind": maybe(one_of(Kind.values)),
        "force": FLAG,
        "undoes": maybe({"type": "integer", "minimum": 1, "maximum": 2**63 - 1}),
    },
    optional=("parent_code", "station", "note", "kind", "force", "undoes"),
)
NEW_UNDO = record(
    {
        "ref": REF,
        "reason": maybe({"type": "string", "maxLength": 500}),
        "area": {"type": "string", "minLength": 1, "maxLength": 32},
        "station": maybe({"type": "string", "maxLength": 64}),
        "scanned_at": MOMENT,
    },
    optional=("reason", "area", "station", "scanned_at"),
)
SETTLED = record(
    {
        "total": COUNT,
        "counts": record({"applied": COUNT, "already": COUNT, "replayed": COUNT, "refused": COUNT}),
        "results": rows(
            record(
                {
                    "ref": maybe(TEXT),
                    "verdict": one_of(["applied", "already", "replayed", "refused"]),
                    "code": TEXT,
                    "title": TEXT,
                    "detail": TEXT,
                    "facts": keyed({}),
                },
                optional=("code", "title", "detail", "facts"),
            )
        ),
    }
)

SHAPES = with_some({"LatestScan": LATEST, "Stop": STOP}) | {
    "Scan": record(SCAN),
    "Recorded": RECORDED,
    "NewScan": NEW_SCAN,
    "NewUndo": NEW_UNDO,
    "Settled": SETTLED,
}
REFUSED = (
    BadCode, BadRow, errors.ClockAhead, errors.AreaForbidden, errors.RefReused, BagUnknown,
    AreaUnknown, WrongKind, ChildElsewhere, BatchHeld, BatchClosed, BatchUnknown, ParentFull,
    ParentComplete, NotLinked, ParentDispatched, ParentEmpty, NotComplete, errors.ScanUnknown,
    errors.NotUndoable, errors.AlreadyUndone, ReasonMissing, errors.UndoNotAllowed,
    errors.UndoDepends,
)  # fmt: skip

ONE = {
    "id": 14, "ref": "07829d52-82e8-4f7e-9934-ac8b7c9a4b77", "step": "link", "outcome": "applied",
    "unexpected": False, "forced": False, "code": "CB001000190", "kind": "child",
    "parent": "SB10001", "area": "lucknow", "station": "gate 1", "username": "asha",
    "scanned_at": "2026-11-23T14:27:45+00:00", "recorded_at": "2026-11-23T14:27:46+00:00",
    "note": "", "undoes": None,
}  # fmt: skip
SENT = {
    "ref": "07829d52-82e8-4f7e-9934-ac8b7c9a4b77", "step": "link", "code": "CB001000190",
    "parent_code": "SB10001", "area": "lucknow", "scanned_at": "2026-11-23T19:57:45+05:30",
    "station": "gate 1",
}  # fmt: skip
ANSWERED = {
    "verdict": "applied",
    "scan": ONE,
    "bag": {
        "id": 8, "code": "CB001000190", "kind": "child", "bag_type": "mustard", "batch": None,
        "area": "lucknow", "bound_for": None, "state": "linked", "parent": "SB10001",
        "child_count": None, "capacity": None, "weight": "1.000",
    },
    "parent": {"code": "SB10001", "count": 3, "capacity": 30, "remaining": 27, "state": "open"},
}  # fmt: skip

UNDO = ["POST scans/<int:scan>/undo"]

TABLE: Table = {
    "GET scans": Told(
        summary="The newest scans",
        group="scans",
        answer=walked(some("LatestScan")),
        example={
            "results": [
                {
                    "id": 8,
                    "timestamp": "2026-11-23T14:27:45+00:00",
                    "code": "CB001000101",
                    "kind": "child",
                    "step": "link",
                    "area": "lucknow",
                    "username": "asha",
                    "outcome": "applied",
                }
            ],
            "next": None,
            "previous": None,
            "total": 1,
        },
        asked={"per_page": 50},
        leads=leading(UNDO, scan="results/0/id") | leading(OF_A_BAG, code="results/0/code"),
        refusals=(BadCursor,),
    ),
    "POST scans": Told(
        summary="Record one scan",
        group="scans",
        answer=named("Recorded"),
        example=ANSWERED,
        body=named("NewScan"),
        sent=SENT,
        statuses=(201, 200),
        refusals=REFUSED,
        leads=leading(UNDO, scan="scan/id") | leading(OF_A_BAG, code="bag/code"),
        description="Make a new UUID for `ref` before sending, and send the same again until there "
        "is an answer: a `ref` is recorded once. 201: it was applied. 200: the effect was "
        "there `already`, or the same `ref` was recorded before (`replayed`).",
    ),
    "GET scans/stream": Told(
        summary="Every scan that you see, streamed",
        group="scans",
        answer={},
        example=None,
        asked={"step": "link", "format": "csv"},
        forms=STREAMED,
        refusals=(Busy,),
    ),
    "POST scans/bulk": Told(
        summary="Record up to 50,000 scans",
        group="scans",
        answer=named("Settled"),
        example={
            "total": 1,
            "counts": {"applied": 1, "already": 0, "replayed": 0, "refused": 0},
            "results": [{"ref": "07829d52-82e8-4f7e-9934-ac8b7c9a4b77", "verdict": "applied"}],
        },
        asked={"mode": "each"},
        body=rows({}) | {"maxItems": 50_000},
        sent=[SENT],
        sent_forms=("application/x-ndjson",),
        refusals=(errors.TooManyScans, errors.UploadRefused, Busy),
        description="Each item as for one scan; what is refused is told item by item. With "
        "`mode=all` one refusal refuses all.",
    ),
    "POST scans/<int:scan>/undo": Told(
        summary="Undo a scan",
        group="scans",
        answer=named("Recorded"),
        example=ANSWERED,
        asked={"scan": 14},
        body=named("NewUndo"),
        sent={"ref": "aba049fc-1d25-42ff-88a3-72f6b7a6be0e", "reason": "wrong sack"},
        statuses=(201, 200),
        refusals=REFUSED,
    ),
    "GET bags/<path:code>/timeline": Told(
        summary="A bag's whole way",
        group="bags",
        answer=record({"code": TEXT, "results": rows(some("Stop"))}),
        example={"code": "CB001000190", "results": [ONE | {"undone": False, "through": None}]},
        asked={"code": "CB001000101"},
        refusals=(BagUnknown, BadCode),
    ),
}
