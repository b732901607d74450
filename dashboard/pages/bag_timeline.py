"""The timeline of a bag as its page shows it: newest first, with undo options, runs grouped."""

from collections.abc import Iterable
from datetime import datetime
from itertools import groupby
from typing import Any

from django.utils.dateparse import parse_datetime

from accounts.models import User
from bags.models import Bag
from scans.models import Step
from scans.recording.transitions import NOT_UNDOABLE_STEPS
from scans.recording.undo import UNDO_WINDOW

# A run of at least this many scans of one step, such as packing a parent, becomes one entry.
MIN_GROUP_SCANS = 4
# `inspect` changes nothing, so its undo is not offered.
STEPS_WITHOUT_UNDO = NOT_UNDOABLE_STEPS | {Step.INSPECT}
ScanJson = dict[str, Any]


def timeline_entries(
    user: User, bag: Bag, scans: Iterable[ScanJson], *, now: datetime
) -> list[dict[str, Any]]:
    """Return the entries of a timeline, newest first.

    An entry is either a scan with `undo_option`, or a group with `scans`, `step`, `count`, `first`,
    `last` and `users`. `undo_option` is "undo", "reason" (the user must state a reason) or "".
    """
    newest = sorted(scans, key=lambda scan: (scan["scanned_at"], scan["id"]), reverse=True)
    latest_id = max((scan["id"] for scan in newest if _has_undo(scan, bag)), default=0)
    with_options = [
        scan | {"undo_option": _undo_option(user, scan, latest_id, bag, now)} for scan in newest
    ]
    entries: list[dict[str, Any]] = []
    for key, run in groupby(with_options, key=lambda scan: _group_key(scan, bag)):
        group = list(run)
        entries += [_group_entry(group)] if key and len(group) >= MIN_GROUP_SCANS else group
    return entries


def scans_by_user(scans: Iterable[ScanJson]) -> list[dict[str, Any]]:
    """Return the users in a timeline with number of scans and last scan, latest user first."""
    users: dict[str, dict[str, Any]] = {}
    for scan in scans:
        previous = users.pop(scan["username"], None)
        users[scan["username"]] = {
            "username": scan["username"],
            "scans": previous["scans"] + 1 if previous else 1,
            "step": scan["step"],
            "area": scan["area"],
            "last": scan["scanned_at"],
        }
    return list(reversed(users.values()))


def _group_key(scan: ScanJson, bag: Bag) -> str:
    """Return the key of scans that may form a group; empty for scans of `bag` itself."""
    is_of_other_bag = scan["code"] != bag.code and not scan["through"]
    return str(scan["step"]) if is_of_other_bag and not scan["undone"] else ""


def _group_entry(scans: list[ScanJson]) -> dict[str, Any]:
    return {
        "scans": scans,
        "step": scans[0]["step"],
        "count": sum(scan["outcome"] == "applied" for scan in scans),
        "first": scans[-1]["scanned_at"],
        "last": scans[0]["scanned_at"],
        "users": ", ".join(sorted({scan["username"] for scan in scans})),
    }


def _has_undo(scan: ScanJson, bag: Bag) -> bool:
    is_own_scan = scan["code"] == bag.code and not scan["through"]
    return scan["step"] not in STEPS_WITHOUT_UNDO and not scan["undone"] and is_own_scan


def _undo_option(user: User, scan: ScanJson, latest_id: int, bag: Bag, now: datetime) -> str:
    if not _has_undo(scan, bag) or scan["id"] != latest_id or not user.has_perm("scans.add_scan"):
        return ""
    is_own = scan["username"] == user.username
    if user.has_perm("scans.undo_any_scan"):
        return "undo" if is_own else "reason"
    recorded_at = parse_datetime(scan["recorded_at"])
    is_recent = recorded_at is not None and now - recorded_at <= UNDO_WINDOW
    return "undo" if is_own and is_recent else ""
