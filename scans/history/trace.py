"""The trace of a bag: its batch, the parents it was in, the children in it, and its timeline."""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import connection

from accounts.models import User
from bags.models import Area, Bag, Batch, Kind
from scans.history.point_in_time import (
    MAX_SCANS_READ,
    BagLedger,
    Membership,
    Position,
    ScanStamp,
    bag_ledger,
    memberships,
    position,
)
from scans.history.timeline import END, MAX_SCAN_ID, rows_by_id, timeline_entries
from scans.models import EARLIEST, Scan
from tracetrack.db.sql_files import sql

# The newest parents or children that a trace lists; `left_out` counts the others.
MAX_MEMBERSHIPS = 1000
BEFORE_ALL_SCANS = (EARLIEST, 0)


def trace(
    user: User, bag: Bag, *, at: datetime | None, after: int | None, limit: int
) -> tuple[dict[str, Any], int | None]:
    """Return the trace of `bag` as JSON, and the id of the scan to continue after, or None.

    With `at` the trace is as it was known then. `way` is a page of the timeline: up to `limit`
    entries after the scan with the id `after`. Batches and siblings are named if `user` may see
    them. `truncated` is true if the history is so long that its older part was not read.
    """
    ledger = bag_ledger(bag, at)
    state, is_certain = (
        (_current_position(bag), True) if at is None else _past_position(bag, ledger, at)
    )
    periods = [m for m in memberships(ledger.rows) if bag.pk in (m.child, m.parent)]
    content = _content(user, bag, state, periods)
    params = _timeline_params(bag, periods, at)
    entries, more = _timeline_page(bag, params, after=after, limit=limit)
    flags = {
        "at": at.isoformat() if at else None,
        "truncated": not (ledger.is_whole and is_certain),
    }
    return content | flags | _timeline_totals(params) | {"way": entries}, more


def _content(
    user: User, bag: Bag, state: Position | None, periods: list[Membership]
) -> dict[str, Any]:
    latest, is_child = periods[-MAX_MEMBERSHIPS:], bag.kind == Kind.CHILD
    children = state.children if state else frozenset()
    others = {m.parent if is_child else m.child for m in latest}
    names = _Names(user, others | children, latest)
    related = [names.membership(m, m.parent if is_child else m.child) for m in latest]
    return {
        "code": bag.code,
        "kind": bag.kind,
        "bag_type": bag.bag_type.name,
        "position": _position_json(bag, state) if state else None,
        "batch": _batch_json(bag.batch) if bag.batch else None,
        "parents": related if is_child else [],
        "children": [] if is_child else related,
        "siblings": names.visible_bags(children - {bag.pk}) if is_child else [],
        "lots": names.batch_counts(children),
        "left_out": len(periods) - len(latest),
    }


class _Names:
    """Names of the rows in a trace: bags, and the batches of those that the user sees."""

    def __init__(self, user: User, ids: Collection[int], periods: Iterable[Membership]) -> None:
        stamps = [stamp for m in periods for stamp in (m.entered, m.left) if stamp]
        actors = User.objects.filter(pk__in={stamp.actor for stamp in stamps})
        self._usernames = dict(actors.values_list("id", "username"))
        self._areas = dict(Area.objects.values_list("id", "code"))
        self._codes = dict(Bag.objects.filter(pk__in=ids).values_list("id", "code"))
        visible = Bag.objects.visible_to(user).filter(pk__in=ids)
        self._visible: dict[int, tuple[str, str | None]] = {
            pk: (code, batch)
            for pk, code, batch in visible.values_list("id", "code", "batch__code")
        }

    def membership(self, membership: Membership, other: int) -> dict[str, Any]:
        """Return a parent or child, the bag with the id `other`, with the scans in and out."""
        return {
            "code": self._codes[other],
            "batch": self._visible.get(other, ("", None))[1],
            "entered": self._stamp(membership.entered),
            "left": self._stamp(membership.left) if membership.left else None,
        }

    def _stamp(self, stamp: ScanStamp) -> dict[str, Any]:
        return {
            "id": stamp.id,
            "step": stamp.step,
            "scanned_at": stamp.scanned_at.isoformat(),
            "area": self._areas[stamp.area],
            "username": self._usernames[stamp.actor],
        }

    def visible_bags(self, ids: Collection[int]) -> list[dict[str, Any]]:
        """Return the visible ones of these bags, by code."""
        found = sorted(self._visible[pk] for pk in ids if pk in self._visible)
        return [{"code": code, "batch": batch} for code, batch in found]

    def batch_counts(self, ids: Collection[int]) -> list[dict[str, Any]]:
        """Return the batches of the visible ones of these bags, with how many there are of each."""
        counts = Counter(self._visible[pk][1] for pk in ids if pk in self._visible)
        return [
            {"batch": batch, "children": counts[batch]}
            for batch in sorted(counts, key=lambda batch: batch or "")
        ]


# -- position ---------------------------------------------------------------------------------


def _current_position(bag: Bag) -> Position:
    """Return the position from the bag's own columns, which equal the result of its ledger."""
    parent = bag.parent_id if bag.kind == Kind.CHILD else bag.pk
    children = Bag.objects.filter(parent=parent).values_list("id", flat=True) if parent else []
    return Position(
        state=bag.state,
        area=bag.area_id,
        bound_for=bag.bound_for_id,
        parent=bag.parent_id,
        children=frozenset(children),
    )


def _past_position(bag: Bag, ledger: BagLedger, at: datetime) -> tuple[Position | None, bool]:
    """Return the position at a moment, and whether the rows read are enough to know it."""
    if bag.kind == Kind.PARENT:
        # Children may have entered before the rows that were read.
        return (position(bag, ledger.rows), True) if ledger.is_whole else (None, False)
    state = position(bag, ledger.rows)
    if state is None or state.parent is None:
        return state, ledger.is_whole or state is not None
    # A child is where its parent is, and the other children in there are its siblings.
    parent = Bag.objects.get(pk=state.parent)
    around, is_certain = _past_position(parent, bag_ledger(parent, at), at)
    if around is None:
        return None, is_certain
    state = replace(state, area=around.area, bound_for=around.bound_for, children=around.children)
    return state, is_certain


def _position_json(bag: Bag, state: Position) -> dict[str, Any]:
    area_ids = {state.area, state.bound_for or 0}
    areas = dict(Area.objects.filter(pk__in=area_ids).values_list("id", "code"))
    is_parent = bag.kind == Kind.PARENT
    contents = Bag.objects.filter(pk__in=state.children if is_parent else [])
    weights = contents.values_list("weight", flat=True)
    weight = sum(weights, Decimal(0)) if is_parent else bag.weight
    return {
        "state": str(state.state),
        "area": areas[state.area],
        "bound_for": areas.get(state.bound_for or 0),
        "parent": Bag.objects.get(pk=state.parent).code if state.parent else None,
        "child_count": len(state.children) if is_parent else None,
        "capacity": bag.capacity,
        "weight": f"{weight:.3f}",
    }


def _batch_json(batch: Batch) -> dict[str, Any]:
    return {
        "code": batch.code,
        "product": batch.product,
        "variety": batch.variety,
        "produced_on": batch.produced_on.isoformat(),
        "expires_on": batch.expires_on.isoformat() if batch.expires_on else None,
        "state": batch.state,
        "held": batch.held,
    }


# -- timeline ---------------------------------------------------------------------------------


def _timeline_params(bag: Bag, periods: list[Membership], at: datetime | None) -> dict[str, Any]:
    in_parents = periods if bag.kind == Kind.CHILD else []
    return {
        "bag": bag.pk,
        "at": at or END[0],
        "max_scans": MAX_SCANS_READ,
        "parents": [m.parent for m in in_parents],
        "since": [m.entered.id for m in in_parents],
        "until": [m.left.id if m.left else MAX_SCAN_ID for m in in_parents],
    }


def _timeline_page(
    bag: Bag, params: dict[str, Any], *, after: int | None, limit: int
) -> tuple[list[dict[str, Any]], int | None]:
    keys = Scan.objects.filter(pk=after or 0).values_list("scanned_at", "id")
    scanned_at, scan_id = (keys.first() if after else None) or BEFORE_ALL_SCANS
    page = {"limit": limit + 1, "after": scanned_at, "after_id": scan_id}
    with connection.cursor() as cursor:
        cursor.execute(sql("scans.timeline_page"), params | page)
        ids = [pk for (pk,) in cursor.fetchall()]
    page_ids = ids[:limit]
    entries = timeline_entries(bag, rows_by_id(page_ids), at=params["at"])
    return entries, page_ids[-1] if len(ids) > limit else None


def _timeline_totals(params: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """Return the areas and actors of the whole timeline with counts, first and last scan."""
    found: dict[str, list[dict[str, Any]]] = {"places": [], "hands": []}
    with connection.cursor() as cursor:
        cursor.execute(sql("scans.timeline_totals"), params)
        for area, username, scans, first, last in cursor.fetchall():
            times = {"scans": scans, "first": first.isoformat(), "last": last.isoformat()}
            if area is not None:
                found["places"].append({"area": area} | times)
            else:
                found["hands"].append({"username": username} | times)
    return found
