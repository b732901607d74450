"""A bag's way as a page draws it: the latest first, what may be undone marked, runs folded."""

from collections.abc import Iterable
from datetime import datetime
from itertools import groupby
from typing import Any

from django.utils.dateparse import parse_datetime

from accounts.models import User
from bags.models import Bag
from scans.models import Step
from scans.recording.undo import UNDO_WINDOW

# So many alike in a row, such as thirty children put into a parent, are shown as one stop.
FOLD_FROM = 4
# An inspection changes nothing, so nobody needs to undo it.
NEVER_UNDONE = (Step.REGISTER, Step.UNDO, Step.INSPECT)
Row = dict[str, Any]


def stops(user: User, bag: Bag, rows: Iterable[Row], *, now: datetime) -> list[Row]:
    """The rows of a timeline, the latest first; `offer` says how it may be undone: undo, reason.

    A run of the same step done to other bags is one stop: its `rows`, `first` and `last`.
    """
    newest = sorted(rows, key=lambda row: (row["scanned_at"], row["id"]), reverse=True)
    latest = max((row["id"] for row in newest if _undoable(row, bag)), default=0)
    marked = [row | {"offer": _offer(user, row, latest, bag, now)} for row in newest]
    found: list[Row] = []
    for alike, run in groupby(marked, key=lambda row: _alike(row, bag)):
        group = list(run)
        found += [_fold(group)] if alike and len(group) >= FOLD_FROM else group
    return found


def people(rows: Iterable[Row]) -> list[Row]:
    """Everyone in a timeline: how many scans, and the last of them; who came last comes first."""
    found: dict[str, Row] = {}
    for row in rows:
        before = found.pop(row["username"], None)
        scans = before["scans"] + 1 if before else 1
        last = {"step": row["step"], "area": row["area"], "last": row["scanned_at"]}
        found[row["username"]] = {"username": row["username"], "scans": scans} | last
    return list(reversed(found.values()))


def _alike(row: Row, bag: Bag) -> str:
    """What makes rows foldable; "" for those that stand alone."""
    others = row["code"] != bag.code and not row["through"]
    return str(row["step"]) if others and not row["undone"] else ""


def _fold(group: list[Row]) -> Row:
    who = sorted({row["username"] for row in group})
    applied = [row for row in group if row["outcome"] == "applied"]
    return {
        "rows": group,
        "step": group[0]["step"],
        "count": len(applied),
        "first": group[-1]["scanned_at"],
        "last": group[0]["scanned_at"],
        "people": ", ".join(who),
    }


def _undoable(row: Row, bag: Bag) -> bool:
    undoable = row["step"] not in NEVER_UNDONE and not row["undone"]
    return undoable and row["code"] == bag.code and not row["through"]


def _offer(user: User, row: Row, latest: int, bag: Bag, now: datetime) -> str:
    if not _undoable(row, bag) or row["id"] != latest or not user.has_perm("scans.add_scan"):
        return ""
    mine = row["username"] == user.username
    if user.has_perm("scans.undo_any_scan"):
        return "undo" if mine else "reason"
    recorded = parse_datetime(row["recorded_at"])
    fresh = recorded is not None and now - recorded <= UNDO_WINDOW
    return "undo" if mine and fresh else ""
