"""What the endpoints about tokens, health and the API itself take and answer."""

from accounts.api.views import RotateIn, TokenIn
from accounts.roles import Scope
from tracetrack.errors import problem
from tracetrack.openapi.shapes import ANYTHING, FLAG, INTEGER, MOMENT, TEXT, Table, Told, leading, maybe, named, one_of, record, rows, some, walked, with_some

TOKEN = {
    "id": INTEGER,
    "name": TEXT,
    "prefix": TEXT,
    "username": TEXT,
    "scopes": rows(one_of(Scope.values)),
    "read_only": FLAG,
    "networks": rows(TEXT),
    "state": one_of(["good", "ended"]),
    "created_at": MOMENT,
    "expires_at": maybe(MOMENT),
    "used_at": maybe(MOMENT),
    "revoked_at": maybe(MOMENT),
}
HEALTH = record(
    {
        "status": one_of(["ok", "down"]),
        "database": ANYTHING,
        "pool": ANYTHING,
        "queue": ANYTHING,
        "webhooks": ANYTHING,
        "cache": ANYTHING,
        "memory": ANYTHING,
        "process": ANYTHING,
    },
    optional=("database", "pool", "queue", "webhooks", "cache", "memory", "process"),
) | {"additionalProperties": True}

SHAPES = with_some({"Token": record(TOKEN)}) | {
    "NewToken": record(TOKEN | {"token": TEXT}),
    "Health": HEALTH,
}

KEY = {
    "id": 3, "name": "gate 2", "prefix": "tt_q1w2E3r4", "username": "asha",
    "scopes": ["read", "scan"], "read_only": False, "networks": ["10.0.0.0/24"], "state": "good",
    "created_at": "2026-11-23T14:27:46.120000+00:00", "expires_at": None, "used_at": None,
    "revoked_at": None,
}  # fmt: skip
SHOWN = KEY | {"token": "tt_q1w2E3r4…"}
ONE = {"token": 3}
OF_A_TOKEN = ["GET tokens/<int:token>"]
OF_A_TOKEN += [f"POST tokens/<int:token>/{act}" for act in ("rotate", "revoke")]

TABLE: Table = {
    "GET tokens": Told(
        summary="Your tokens, the newest first; administrators see everybody's",
        group="tokens",
        answer=walked(some("Token")),
        example={"results": [KEY], "next": None, "previous": None},
        asked={"state": "good"},
        leads=leading(OF_A_TOKEN, token="results/0/id"),
        refusals=(problem.BadCursor,),
    ),
    "POST tokens": Told(
        summary="Make a token, shown this once",
        group="tokens",
        answer=named("NewToken"),
        example=SHOWN,
        body=TokenIn,
        sent={"name": "gate 2", "scopes": ["read", "scan"], "networks": ["10.0.0.0/24"]},
        statuses=(201,),
        refusals=(problem.TokenTooWide, problem.TooManyTokens),
        leads=leading(OF_A_TOKEN, token="id"),
    ),
    "GET tokens/<int:token>": Told(
        summary="One token",
        group="tokens",
        answer=some("Token"),
        example=KEY,
        asked=ONE,
        refusals=(problem.TokenUnknown,),
    ),
    "POST tokens/<int:token>/rotate": Told(
        summary="Replace a token by one that is good for the same",
        group="tokens",
        answer=named("NewToken"),
        example=SHOWN,
        asked=ONE,
        body=RotateIn,
        sent={"overlap_seconds": 3600},
        statuses=(201,),
        refusals=(
            problem.TokenUnknown,
            problem.TokenEnded,
            problem.TokenNotYours,
            problem.TokenTooWide,
        ),
    ),
    "POST tokens/<int:token>/revoke": Told(
        summary="End a token",
        group="tokens",
        answer=named("Token"),
        example=KEY | {"state": "ended", "revoked_at": "2026-11-23T15:00:00+00:00"},
        asked=ONE,
        sent={},
        refusals=(problem.TokenUnknown,),
    ),
    "GET health": Told(
        summary="Whether it works; figures for those who run it",
        group="running it",
        answer=named("Health"),
        example={"status": "ok"},
        statuses=(200, 503),
    ),
    "GET openapi.json": Told(
        summary="This description",
        group="the API itself",
        answer=ANYTHING,
        example={"openapi": "3.1.0"},
    ),
    "GET docs": Told(
        summary="This description as a page",
        group="the API itself",
        answer={},
        example=None,
        forms=("text/html",),
    ),
}
