"""What the endpoints about numbers take and answer."""

from accounts.roles import Role
from bags.errors import AreaUnknown, BatchUnknown
from bags.models import Batch
from dashboard.business_days import PERIODS
from dashboard.stats.serializers import BatchStatsIn, CacheClearIn
from scans.models import Step
from tracetrack.errors.problem import BadRequest
from tracetrack.openapi.shapes import (
    COUNT,
    DAY,
    FLAG,
    MOMENT,
    NUMBER,
    TEXT,
    Shape,
    Table,
    Told,
    keyed,
    maybe,
    named,
    one_of,
    record,
    rows,
)


def counts(*names: str) -> Shape:
    """An object of so many counts."""
    return record(dict.fromkeys(names, COUNT))


BY_DAY = rows(record({"day": DAY, "scans": COUNT}))
BY_HOUR = rows(
    record({"hour": {"type": "integer", "minimum": 0, "maximum": 23}, "today": COUNT,
            "yesterday": COUNT})
)  # fmt: skip
BY_STEP = rows(record({"step": one_of(Step.values), "scans": COUNT}))
OPERATORS = rows(record({"username": TEXT, "scans": COUNT}))
BAGS = counts("parent", "child", "total", "loose", "incomplete")
BATCHES = counts("total", "open", "closed", "held")
NUMBERS = record(
    {
        "bags": BAGS,
        "scans": counts("total", "today", "week", "active_users"),
        "batches": BATCHES,
    }
)
OVERVIEW = record(
    {
        "success": FLAG,
        "stats": NUMBERS,
        "by_area": rows(
            record(
                {"area": TEXT, "name": TEXT}
                | dict.fromkeys(
                    (
                        "parents",
                        "children",
                        "loose",
                        "incomplete",
                        "on_the_way",
                        "scans_today",
                        "scans",
                    ),
                    COUNT,
                )
            )
        ),
        "by_day": BY_DAY,
        "by_hour": BY_HOUR,
        "top_operators": OPERATORS,
        "funnel": BY_STEP,
        "yesterday": NUMBERS,
        "pace": counts("until_hour", "today", "yesterday"),
        "recent_activity": rows(named("LatestScan")),
        "generated_at": MOMENT,
        "area": maybe(TEXT),
        "period": record(
            {
                "name": one_of(PERIODS),
                "first": DAY,
                "last": DAY,
                "scans": COUNT,
                "active_users": COUNT,
            }
        ),
        "response_time_ms": NUMBER,
        "cached": FLAG,
    }
)
LINE = record(
    {
        "code": TEXT,
        "product": TEXT,
        "variety": TEXT,
        "state": one_of(Batch.State.values),
        "held": FLAG,
        "planned_bags": COUNT,
        "progress": maybe(NUMBER),
    }
)
STATS = record(
    {
        "success": FLAG,
        "bags": {"anyOf": [BAGS, keyed(named("Contents"))]},
        "users": record({"active_users": COUNT, "top_operators": OPERATORS}),
        "activity": record(
            dict.fromkeys(("total", "today", "week"), COUNT)
            | {"by_day": BY_DAY, "by_hour": BY_HOUR, "by_step": BY_STEP}
        ),
        "batches": {"anyOf": [BATCHES, rows(LINE)]},
        "generated_at": MOMENT,
    },
    optional=("bags", "users", "activity", "batches"),
)
PERSON = record(
    {
        "username": TEXT,
        "first_name": TEXT,
        "last_name": TEXT,
        "role": one_of(Role.values),
        "permissions": rows(TEXT),
        "all_areas": FLAG,
        "areas": rows(TEXT),
    }
)

SHAPES = {"Overview": OVERVIEW, "Statistics": STATS, "Person": PERSON}

TABLE: Table = {
    "GET dashboard/ultra": Told(
        summary="All numbers of the dashboard and the ten latest scans",
        group="numbers",
        answer=named("Overview"),
        example={
            "success": True,
            "stats": {
                "bags": {"parent": 2, "child": 3, "total": 5, "loose": 0, "incomplete": 2},
                "scans": {"total": 8, "today": 8, "week": 8, "active_users": 1},
                "batches": {"total": 1, "open": 1, "closed": 0, "held": 0},
            },
            "by_area": [
                {
                    "area": "lucknow",
                    "name": "Lucknow",
                    "parents": 1,
                    "children": 2,
                    "loose": 0,
                    "incomplete": 1,
                    "on_the_way": 0,
                    "scans_today": 5,
                    "scans": 5,
                }
            ],
            "by_day": [{"day": "2026-11-23", "scans": 8}],
            "by_hour": [{"hour": 0, "today": 0, "yesterday": 0}],
            "top_operators": [{"username": "asha", "scans": 8}],
            "funnel": [
                {"step": "register", "scans": 5},
                {"step": "link", "scans": 3},
                {"step": "complete", "scans": 0},
                {"step": "dispatch", "scans": 0},
                {"step": "receive", "scans": 0},
            ],
            "yesterday": {
                "bags": {"parent": 0, "child": 0, "total": 0, "loose": 0, "incomplete": 0},
                "scans": {"total": 0, "today": 0, "week": 0, "active_users": 0},
                "batches": {"total": 1, "open": 1, "closed": 0, "held": 0},
            },
            "pace": {"until_hour": 19, "today": 0, "yesterday": 0},
            "recent_activity": [],
            "generated_at": "2026-11-23T14:27:46.120000+00:00",
            "area": None,
            "period": {
                "name": "today",
                "first": "2026-11-23",
                "last": "2026-11-23",
                "scans": 8,
                "active_users": 1,
            },
            "response_time_ms": 4.031,
            "cached": False,
        },
        description=(
            "The answer has an `ETag`: with `If-None-Match` an unchanged one costs 304. `area` "
            "narrows all but the batches to one area; `period` bounds `top_operators`, `funnel`, "
            "`by_area[].scans` and `period`."
        ),
        refusals=(AreaUnknown,),
    ),
    "POST batch/stats": Told(
        summary="Several statistics in one request",
        group="numbers",
        answer=named("Statistics"),
        example={
            "success": True,
            "batches": [
                {
                    "code": "LOT-1",
                    "product": "Mustard",
                    "variety": "",
                    "state": "open",
                    "held": False,
                    "planned_bags": 0,
                    "progress": None,
                }
            ],
            "generated_at": "2026-11-23T14:27:46.120000+00:00",
        },
        body=BatchStatsIn,
        sent={"stats": ["batches"], "batches": ["LOT-1"]},
        refusals=(BatchUnknown,),
    ),
    "GET users/me": Told(
        summary="Who is asking, and what the account may do",
        group="account",
        answer=named("Person"),
        example={
            "username": "asha",
            "first_name": "Asha",
            "last_name": "",
            "role": "operator",
            "permissions": ["bags.view_bag", "scans.add_scan"],
            "all_areas": False,
            "areas": ["lucknow"],
        },
    ),
    "GET users/me/stats": Told(
        summary="What the account itself scanned",
        group="account",
        answer=record(
            {"username": TEXT}
            | dict.fromkeys(("total", "today", "week"), COUNT)
            | {
                "by_step": {
                    "type": "object",
                    "propertyNames": one_of(Step.values),
                    "additionalProperties": COUNT,
                }
            }
        ),
        example={
            "username": "asha",
            "total": 812,
            "today": 40,
            "week": 211,
            "by_step": {"link": 790, "complete": 22},
        },
    ),
    "POST cache/clear": Told(
        summary="Forget kept answers",
        group="running it",
        answer=record({"success": FLAG, "pattern": TEXT, "cleared": COUNT}),
        example={"success": True, "pattern": "dashboard:*", "cleared": 3},
        body=CacheClearIn,
        sent={"pattern": "dashboard:*"},
        refusals=(BadRequest,),
    ),
    "POST pool/reset": Told(
        summary="Replace the connections to the database of every process",
        group="running it",
        answer=record({"success": FLAG, "closed": COUNT}),
        example={"success": True, "closed": 17},
        sent={},
    ),
}
